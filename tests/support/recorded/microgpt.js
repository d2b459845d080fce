// A small GPT that trains for four steps and writes a trace. With the argument `wrong`, it does
// not scale its attention scores.

import { isRecorded, record } from "./recorder.js";

const isWrong = process.argv[2] === "wrong";
const documents = ["emma", "olivia", "ava", "maximilian"];
const characters = [...new Set(documents.join(""))].sort();
const bos = characters.length;
const [nEmbd, nHead, blockSize, numSteps] = [8, 2, 8, 4];
const headDim = nEmbd / nHead;

// All values in the order in which they are computed: the parameters, then those of a step.
const tape = [];

function value(data, parents = [], slopes = []) {
  const node = { data, grad: 0, parents, slopes };
  tape.push(node);
  return node;
}

const sum = (xs) => value(xs.reduce((total, x) => total + x.data, 0), xs, xs.map(() => 1));
const add = (x, y) => value(x.data + y.data, [x, y], [1, 1]);
const mul = (x, y) => value(x.data * y.data, [x, y], [y.data, x.data]);
const scale = (x, factor) => value(x.data * factor, [x], [factor]);
const pow = (x, k) => value(x.data ** k, [x], [k * x.data ** (k - 1)]);
const log = (x) => value(Math.log(x.data), [x], [1 / x.data]);
const relu = (x) => value(Math.max(0, x.data), [x], [x.data > 0 ? 1 : 0]);
const exp = (x) => value(Math.exp(x.data), [x], [Math.exp(x.data)]);
const dot = (xs, ys) => sum(xs.map((x, i) => mul(x, ys[i])));

function backward(loss) {
  loss.grad = 1;
  for (const { grad, parents, slopes } of tape.slice().reverse()) {
    parents.forEach((parent, i) => (parent.grad += slopes[i] * grad));
  }
}

let seed = 42;

/** A number above 0 and below 1, by the minimal standard generator. */
const uniform = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const times = (n, make) => Array.from({ length: n }, make);
const matrix = (nOut, nIn) => times(nOut, () => times(nIn, () => value(0.08 * normal())));

const [wte, wpe, lmHead] = [bos + 1, blockSize, bos + 1].map((rows) => matrix(rows, nEmbd));
const [wq, wk, wv, wo] = times(4, () => matrix(nEmbd, nEmbd));
const [fc1, fc2] = [matrix(4 * nEmbd, nEmbd), matrix(nEmbd, 4 * nEmbd)];
const params = tape.slice();

const linear = (w, x) => w.map((row) => dot(row, x));
const addAll = (xs, ys) => xs.map((x, i) => add(x, ys[i]));

function rmsnorm(x) {
  const inverse = pow(add(scale(dot(x, x), 1 / x.length), value(1e-5)), -0.5);
  return x.map((xi) => mul(xi, inverse));
}

function softmax(xs) {
  const highest = value(-Math.max(...xs.map((x) => x.data)));
  const exps = xs.map((x) => exp(add(x, highest)));
  const inverse = pow(sum(exps), -1);
  return exps.map((e) => mul(e, inverse));
}

function attention(q, keys, values) {
  return times(nHead, (_, head) => {
    const part = (x) => x.slice(head * headDim, (head + 1) * headDim);
    const factor = isWrong ? 1 : 1 / Math.sqrt(headDim);
    const weights = softmax(keys.map((key) => scale(dot(part(q), part(key)), factor)));
    return times(headDim, (_, j) => dot(weights, values.map((v) => part(v)[j])));
  }).flat();
}

function logits(token, position, keys, values) {
  let x = rmsnorm(addAll(wte[token], wpe[position]));
  const normed = rmsnorm(x);
  keys.push(linear(wk, normed));
  values.push(linear(wv, normed));
  x = addAll(x, linear(wo, attention(linear(wq, normed), keys, values)));
  x = addAll(x, linear(fc2, linear(fc1, rmsnorm(x)).map(relu)));
  return linear(lmHead, x);
}

function meanLoss(tokens) {
  const [keys, values] = [[], []];
  const n = Math.min(blockSize, tokens.length - 1);
  const losses = times(n, (_, position) => {
    const probabilities = softmax(logits(tokens[position], position, keys, values));
    return scale(log(probabilities[tokens[position + 1]]), -1);
  });
  return scale(sum(losses), 1 / n);
}

const sizes = { n_layer: 1, n_embd: nEmbd, n_head: nHead, block_size: blockSize, vocab: bos + 1 };
const weights = () => params.map((p) => p.data);
const [m, v] = [new Float64Array(params.length), new Float64Array(params.length)];

record({ trace: 1, ...sizes, num_steps: numSteps, weights: weights() });
for (let step = 0; step < numSteps; step++) {
  const text = documents[step % documents.length];
  const tokens = [bos, ...[...text].map((c) => characters.indexOf(c)), bos];
  const loss = meanLoss(tokens);
  backward(loss);
  if (isRecorded(step)) {
    record({ step, tokens, loss: loss.data, grads: params.map((p) => p.grad) });
  }
  const learningRate = 0.01 * (1 - step / numSteps);
  params.forEach((p, i) => {
    m[i] = 0.85 * m[i] + 0.15 * p.grad;
    v[i] = 0.99 * v[i] + 0.01 * p.grad ** 2;
    const [mHat, vHat] = [m[i] / (1 - 0.85 ** (step + 1)), v[i] / (1 - 0.99 ** (step + 1))];
    p.data -= (learningRate * mHat) / (Math.sqrt(vHat) + 1e-8);
    p.grad = 0;
  });
  if (isRecorded(step)) record({ step, m, v, weights: weights() });
  tape.length = params.length;
}
