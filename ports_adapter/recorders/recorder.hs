-- | Writes a trace: what a program computes while it trains, one JSON record a line.
--
-- > trace <- openTrace                                                   -- before training
-- > record trace ["trace" .= 1, "n_head" .= 4, "num_steps" .= 1000, "weights" .= weights]
-- > when (isRecorded step) $ do                                          -- after the update
-- >   record trace ["step" .= step, "tokens" .= tokens, "loss" .= loss, "grads" .= grads]
-- >   record trace ["step" .= step, "m" .= m, "v" .= v, "weights" .= newWeights]
--
-- Weights, gradients and moments are flat lists. Strings have to be ASCII.
module Recorder (openTrace, isRecorded, record, (.=)) where

import Data.List (intercalate)
import Data.Maybe (fromMaybe)
import System.Environment (lookupEnv)
import System.IO

-- | The file that the trace is written to, line by line.
openTrace :: IO Handle
openTrace = do
  named <- fromMaybe "" <$> lookupEnv "MICROGPT_TRACE"
  trace <- openFile (if null named then "trace.jsonl" else named) WriteMode
  trace <$ hSetBuffering trace LineBuffering

-- | Whether to record a step: some at the start, and some later on.
isRecorded :: Int -> Bool
isRecorded = (`elem` [0, 1, 2, 9, 10, 99, 100])

-- | Writes a record; its numbers read back as the same numbers.
record :: Handle -> [String] -> IO ()
record trace fields = hPutStrLn trace ("{" ++ intercalate "," fields ++ "}")

-- | A field. Numbers, lists and strings are shown by Haskell as they are written in JSON.
(.=) :: Show a => String -> a -> String
name .= value = show name ++ ":" ++ show value
