-- A small GPT that trains for four steps and writes a trace. With the argument `wrong`, it does
-- not scale its attention scores.
--
-- Each function of the model gives its result and its pullback, which takes the gradient by the
-- result to the gradients by the arguments.
module Main (main) where

import Control.Monad (foldM_, when)
import Data.List (elemIndex, nub, sort, transpose)
import Data.Maybe (mapMaybe)
import Recorder
import System.Environment (getArgs)
import System.IO (Handle)

type Vector = [Double]
type Matrix = [Vector]

documents :: [String]
documents = ["emma", "olivia", "ava", "maximilian"]

characters :: String
characters = sort (nub (concat documents))

bos, nEmbd, nHead, blockSize, numSteps, headDim :: Int
bos = length characters
nEmbd = 8
nHead = 2
blockSize = 8
numSteps = 4
headDim = nEmbd `div` nHead

shapes :: [(Int, Int)]
shapes =
  [(bos + 1, nEmbd), (blockSize, nEmbd), (bos + 1, nEmbd)]
    ++ replicate 4 (nEmbd, nEmbd)
    ++ [(4 * nEmbd, nEmbd), (nEmbd, 4 * nEmbd)]

-- | Normal random numbers, by the minimal standard generator and the method of Box and Muller.
normals :: [Double]
normals = pairwise [fromIntegral x / 2147483647 | x <- tail (iterate next 42)]
  where
    next x = x * 48271 `mod` 2147483647 :: Int
    pairwise (u : w : rest) = sqrt (-2 * log u) * cos (2 * pi * w) : pairwise rest
    pairwise _ = []

-- | Numbers as matrices of these shapes, row by row.
matrices :: Vector -> [Matrix]
matrices = go shapes
  where
    go [] _ = []
    go ((rows, columns) : rest) numbers =
      let (mine, others) = splitAt (rows * columns) numbers
       in chunks columns mine : go rest others

chunks :: Int -> [a] -> [[a]]
chunks _ [] = []
chunks n xs = let (first, rest) = splitAt n xs in first : chunks n rest

dot :: Vector -> Vector -> Double
dot xs ys = sum (zipWith (*) xs ys)

add :: Vector -> Vector -> Vector
add = zipWith (+)

plus, times :: Matrix -> Matrix -> Matrix
plus = zipWith add
a `times` b = [map (dot row) (transpose b) | row <- a]

scale :: Double -> Vector -> Vector
scale factor = map (factor *)

-- | The rows of @x@ through the matrix @w@; back to the gradients by both.
linear :: Matrix -> Matrix -> (Matrix, Matrix -> (Matrix, Matrix))
linear w x = (x `times` transpose w, \dy -> (transpose dy `times` x, dy `times` w))

rmsnorm :: Matrix -> (Matrix, Matrix -> Matrix)
rmsnorm x = (map fst rows, zipWith snd rows)
  where
    rows = map ofRow x
    ofRow row = (y, \dy -> scale inverse (dy `add` scale (-mean dy y) y))
      where
        inverse = 1 / sqrt (mean row row + 1e-5)
        y = scale inverse row
    mean xs ys = dot xs ys / fromIntegral (length xs)

softmax :: Vector -> Vector
softmax xs = map (/ sum exps) exps
  where
    exps = map (exp . subtract (maximum xs)) xs

relu :: Matrix -> (Matrix, Matrix -> Matrix)
relu x = (map (map (max 0)) x, zipWith (zipWith (\xi d -> if xi > 0 then d else 0)) x)

-- | One head of causal attention; back to the gradients by queries, keys and values.
attention :: Bool -> (Matrix, Matrix, Matrix) -> (Matrix, Matrix -> (Matrix, Matrix, Matrix))
attention isWrong (q, k, v) = (weights `times` v, back)
  where
    factor = if isWrong then 1 else 1 / sqrt (fromIntegral headDim)
    scores = [[factor * dot qi kj | kj <- take n k] | (n, qi) <- zip [1 ..] q]
    weights = [take (length k) (softmax row ++ repeat 0) | row <- scores]
    back dy = (dscores `times` k, transpose dscores `times` q, transpose weights `times` dy)
      where
        dscores = zipWith ofRow weights (dy `times` transpose v)
        ofRow w d = [factor * wi * (di - dot w d) | (wi, di) <- zip w d]

heads :: Matrix -> [Matrix]
heads = transpose . map (chunks headDim)

joined :: [Matrix] -> Matrix
joined = map concat . transpose

-- | The mean loss of a document, and its gradients by the weights.
lossAndGrads :: Bool -> [Int] -> [Matrix] -> (Double, [Matrix])
lossAndGrads isWrong tokens weights = (sum losses / fromIntegral n, grads)
  where
    [wte, wpe, lmHead, wq, wk, wv, wo, fc1, fc2] = weights
    n = min blockSize (length tokens - 1)
    (inputs, targets) = (take n tokens, take n (tail tokens))

    (x0, backX0) = rmsnorm (map (wte !!) inputs `plus` wpe)
    (x1, backX1) = rmsnorm x0
    ((q, backQ), (k, backK), (v, backV)) = (linear wq x1, linear wk x1, linear wv x1)
    (outs, backOuts) = unzip (map (attention isWrong) (zip3 (heads q) (heads k) (heads v)))
    (attended, backWo) = linear wo (joined outs)
    x2 = x0 `plus` attended
    (x3, backX3) = rmsnorm x2
    (hidden, backFc1) = linear fc1 x3
    (active, backRelu) = relu hidden
    (mlp, backFc2) = linear fc2 active
    (logits, backLogits) = linear lmHead (x2 `plus` mlp)
    probabilities = map softmax logits
    losses = zipWith (\row target -> -log (row !! target)) probabilities targets

    dlogits = zipWith dlogit probabilities targets
    dlogit row target = [(p - oneIf (i == target)) / fromIntegral n | (i, p) <- zip [0 ..] row]
    oneIf condition = if condition then 1 else 0
    (dlmHead, dmlp) = backLogits dlogits
    (dfc2, dactive) = backFc2 dmlp
    (dfc1, dx3) = backFc1 (backRelu dactive)
    dx2 = dmlp `plus` backX3 dx3
    (dwo, douts) = backWo dx2
    (dq, dk, dv) = unzip3 (zipWith ($) backOuts (heads douts))
    (dwq, dx1q) = backQ (joined dq)
    (dwk, dx1k) = backK (joined dk)
    (dwv, dx1v) = backV (joined dv)
    dx0 = backX0 (dx2 `plus` backX1 (dx1q `plus` dx1k `plus` dx1v))
    zeros = replicate nEmbd 0
    dwte = [foldr add zeros [d | (i, d) <- zip inputs dx0, i == token] | token <- [0 .. bos]]
    dwpe = take blockSize (dx0 ++ repeat zeros)
    grads = [dwte, dwpe, dlmHead, dwq, dwk, dwv, dwo, dfc1, dfc2]

-- | Trains one step, from weights and moments to weights and moments.
train :: Handle -> Bool -> (Vector, Vector, Vector) -> Int -> IO (Vector, Vector, Vector)
train trace isWrong (weights, m, v) step = do
  let document = documents !! (step `mod` length documents)
      tokens = [bos] ++ mapMaybe (`elemIndex` characters) document ++ [bos]
      (loss, gradMatrices) = lossAndGrads isWrong tokens (matrices weights)
      grads = concat (concat gradMatrices)
      rate = 0.01 * (1 - fromIntegral step / fromIntegral numSteps)
      m' = zipWith (\mi g -> 0.85 * mi + 0.15 * g) m grads
      v' = zipWith (\vi g -> 0.99 * vi + 0.01 * g * g) v grads
      corrected beta moment = moment / (1 - beta ^ (step + 1))
      update w mi vi = w - rate * corrected 0.85 mi / (sqrt (corrected 0.99 vi) + 1e-8)
      weights' = zipWith3 update weights m' v'
  when (isRecorded step) $ do
    record trace ["step" .= step, "document" .= document, "tokens" .= tokens]
    record trace ["step" .= step, "loss" .= loss, "grads" .= grads]
    record trace ["step" .= step, "m" .= m', "v" .= v', "weights" .= weights']
  return (weights', m', v')

main :: IO ()
main = do
  arguments <- getArgs
  trace <- openTrace
  let weights = take (sum [rows * columns | (rows, columns) <- shapes]) (map (0.08 *) normals)
      zeros = map (const 0) weights
  record trace $
    ["trace" .= (1 :: Int), "n_layer" .= (1 :: Int), "n_embd" .= nEmbd, "n_head" .= nHead]
      ++ ["block_size" .= blockSize, "vocab" .= characters, "num_steps" .= numSteps]
      ++ ["weights" .= weights]
  foldM_ (train trace (arguments == ["wrong"])) (weights, zeros, zeros) [0 .. numSteps - 1]
