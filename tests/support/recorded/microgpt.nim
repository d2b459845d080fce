## A small microgpt whose training the Nim recorder writes down. Every number is an object that
## knows the ones that it was computed from.
## With the argument `wrong` each position has the embedding of the next one.

import std/[math, os, random, sequtils, strutils]
import recorder

const
  embed = 8
  heads = 2
  headSize = embed div heads
  blockSize = 8
  bos = 26
  names = ["uma", "felix", "konstantin", "ida"]

type
  Value = ref object
    data, grad: float
    a, b: Value
    byA, byB: float
  Vector = seq[Value]
  Matrix = seq[Vector]

let isWrong = "wrong" in commandLineParams()

# All values in the order in which they are computed: the parameters, then those of a step.
var tape: seq[Value]

proc value(data: float; a, b: Value = nil; byA, byB = 0.0): Value =
  result = Value(data: data, a: a, b: b, byA: byA, byB: byB)
  tape.add result

proc `+`(x, y: Value): Value = value(x.data + y.data, x, y, 1, 1)
proc `*`(x, y: Value): Value = value(x.data * y.data, x, y, y.data, x.data)
proc `*`(x: Value, factor: float): Value = value(x.data * factor, x, byA = factor)
proc `^`(x: Value, k: float): Value = value(pow(x.data, k), x, byA = k * pow(x.data, k - 1))
proc exp(x: Value): Value = value(exp(x.data), x, byA = exp(x.data))
proc ln(x: Value): Value = value(ln(x.data), x, byA = 1 / x.data)
proc relu(x: Value): Value = value(max(x.data, 0), x, byA = if x.data > 0: 1 else: 0)

proc backward(loss: Value) =
  loss.grad = 1
  for i in countdown(tape.high, 0):
    let node = tape[i]
    if node.a != nil: node.a.grad += node.byA * node.grad
    if node.b != nil: node.b.grad += node.byB * node.grad

proc sum(xs: Vector): Value = xs.foldl(a + b)
proc `+`(xs, ys: Vector): Vector = zip(xs, ys).mapIt(it[0] + it[1])
proc `*`(xs: Vector, factor: Value): Vector = xs.mapIt(it * factor)
proc dot(xs, ys: Vector): Value = sum(zip(xs, ys).mapIt(it[0] * it[1]))
proc linear(w: Matrix, x: Vector): Vector = w.mapIt(dot(it, x))

proc rmsnorm(x: Vector): Vector =
  x * ((dot(x, x) * (1 / x.len) + value(1e-5)) ^ -0.5)

proc softmax(xs: Vector): Vector =
  let shift = value(-max(xs.mapIt(it.data)))
  let exps = xs.mapIt(exp(it + shift))
  exps * (sum(exps) ^ -1)

var generator = initRand(42)

proc matrix(rows, columns: int): Matrix =
  newSeqWith(rows, newSeqWith(columns, value(generator.gauss(sigma = 0.08))))

let
  wte = matrix(bos + 1, embed)
  wpe = matrix(blockSize, embed)
  lmHead = matrix(bos + 1, embed)
  wq = matrix(embed, embed)
  wk = matrix(embed, embed)
  wv = matrix(embed, embed)
  wo = matrix(embed, embed)
  fc1 = matrix(4 * embed, embed)
  fc2 = matrix(embed, 4 * embed)
  params = tape

proc attention(query: Vector; keys, values: Matrix): Vector =
  for start in countup(0, embed - 1, headSize):
    let part = start ..< start + headSize
    let scores = keys.mapIt(dot(query[part], it[part]) * (1 / sqrt(headSize.float)))
    let weights = softmax(scores)
    for i in part:
      result.add dot(weights, values.mapIt(it[i]))

proc meanLoss(tokens: seq[int]): Value =
  var keys, values: Matrix
  var losses: Vector
  for position in 0 ..< min(blockSize, tokens.len - 1):
    let row = if isWrong: (position + 1) mod blockSize else: position
    var x = rmsnorm(wte[tokens[position]] + wpe[row])
    let normed = rmsnorm(x)
    keys.add linear(wk, normed)
    values.add linear(wv, normed)
    x = x + linear(wo, attention(linear(wq, normed), keys, values))
    x = x + linear(fc2, linear(fc1, rmsnorm(x)).mapIt(relu(it)))
    losses.add ln(softmax(linear(lmHead, x))[tokens[position + 1]])
  sum(losses) * (-1 / losses.len)

var
  m = newSeq[float](params.len)
  v = newSeq[float](params.len)

record("trace", 1, "n_layer", 1, "n_embd", embed, "n_head", heads, "block_size", blockSize,
       "vocab", {'a'..'z'}.toSeq.join, "num_steps", names.len, "weights", params.mapIt(it.data))
for step, name in names:
  let tokens = @[bos] & name.mapIt(ord(it) - ord('a')) & @[bos]
  let loss = meanLoss(tokens)
  backward(loss)
  if isRecorded(step):
    record("step", step, "document", name, "tokens", tokens, "loss", loss.data,
           "grads", params.mapIt(it.grad))
  let rate = 0.01 * (1 - step / names.len)
  for i, p in params:
    m[i] = 0.85 * m[i] + 0.15 * p.grad
    v[i] = 0.99 * v[i] + 0.01 * p.grad * p.grad
    let mHat = m[i] / (1 - pow(0.85, float(step + 1)))
    let vHat = v[i] / (1 - pow(0.99, float(step + 1)))
    p.data -= rate * mHat / (sqrt(vHat) + 1e-8)
    p.grad = 0
  if isRecorded(step):
    record("step", step, "m", m, "v", v, "weights", params.mapIt(it.data))
  tape.setLen(params.len)
