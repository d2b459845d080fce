// A small GPT that trains for four steps and writes a trace. With the argument `wrong`, its MLP
// has no residual connection.

import { isRecorded, record } from "./recorder.js";

const isWrong = process.argv[2] === "wrong";
const documents = ["nora", "max", "seraphina", "otto"];
const characters = [...new Set(documents.join(""))].sort();
const bos = characters.length;
const nEmbd = 8;
const nHead = 2;
const blockSize = 8;
const headDim = nEmbd / nHead;

/** All values in the order in which they are computed: the parameters, then those of a step. */
const tape: Value[] = [];

class Value {
  grad = 0;

  constructor(public data: number, private readonly parents: [Value, number][] = []) {
    tape.push(this);
  }

  plus(other: Value): Value {
    return new Value(this.data + other.data, [[this, 1], [other, 1]]);
  }

  times(other: Value): Value {
    return new Value(this.data * other.data, [[this, other.data], [other, this.data]]);
  }

  scaled(factor: number): Value {
    return new Value(this.data * factor, [[this, factor]]);
  }

  power(k: number): Value {
    return new Value(this.data ** k, [[this, k * this.data ** (k - 1)]]);
  }

  exp(): Value {
    return new Value(Math.exp(this.data), [[this, Math.exp(this.data)]]);
  }

  log(): Value {
    return new Value(Math.log(this.data), [[this, 1 / this.data]]);
  }

  relu(): Value {
    return new Value(Math.max(0, this.data), [[this, this.data > 0 ? 1 : 0]]);
  }

  flowBack(): void {
    for (const [parent, slope] of this.parents) parent.grad += slope * this.grad;
  }
}

type Vector = readonly Value[];
type Matrix = readonly Vector[];

const sum = (xs: Vector): Value => xs.reduce((total, x) => total.plus(x));
const zip = (xs: Vector, ys: Vector, f: (x: Value, y: Value) => Value): Value[] =>
  xs.map((x, i) => f(x, ys[i]!));
const dot = (xs: Vector, ys: Vector): Value => sum(zip(xs, ys, (x, y) => x.times(y)));
const add = (xs: Vector, ys: Vector): Value[] => zip(xs, ys, (x, y) => x.plus(y));
const linear = (w: Matrix, x: Vector): Value[] => w.map((row) => dot(row, x));

function rmsnorm(x: Vector): Value[] {
  const meanSquare = dot(x, x).scaled(1 / x.length);
  const inverse = meanSquare.plus(new Value(1e-5)).power(-0.5);
  return x.map((xi) => xi.times(inverse));
}

function softmax(xs: Vector): Value[] {
  const shift = new Value(-Math.max(...xs.map((x) => x.data)));
  const exps = xs.map((x) => x.plus(shift).exp());
  const inverse = sum(exps).power(-1);
  return exps.map((e) => e.times(inverse));
}

let seed = 42;

/** A number above 0 and below 1, by the minimal standard generator. */
function uniform(): number {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
}

const normal = (): number =>
  Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

const matrix = (nOut: number, nIn: number): Matrix =>
  Array.from({ length: nOut }, () =>
    Array.from({ length: nIn }, () => new Value(0.08 * normal())),
  );

const wte = matrix(bos + 1, nEmbd);
const wpe = matrix(blockSize, nEmbd);
const lmHead = matrix(bos + 1, nEmbd);
const wq = matrix(nEmbd, nEmbd);
const wk = matrix(nEmbd, nEmbd);
const wv = matrix(nEmbd, nEmbd);
const wo = matrix(nEmbd, nEmbd);
const fc1 = matrix(4 * nEmbd, nEmbd);
const fc2 = matrix(nEmbd, 4 * nEmbd);
const parameters = tape.slice();

function attention(query: Vector, keys: Matrix, values: Matrix): Value[] {
  const out: Value[] = [];
  for (let start = 0; start < nEmbd; start += headDim) {
    const part = (x: Vector): Vector => x.slice(start, start + headDim);
    const scores = keys.map((key) => dot(part(query), part(key)).scaled(headDim ** -0.5));
    const weights = softmax(scores);
    for (let i = start; i < start + headDim; i++) {
      out.push(dot(weights, values.map((value) => value[i]!)));
    }
  }
  return out;
}

function meanLoss(tokens: readonly number[]): Value {
  const [keys, values, losses]: [Value[][], Value[][], Value[]] = [[], [], []];
  tokens.slice(0, -1).slice(0, blockSize).forEach((token, position) => {
    let x = rmsnorm(add(wte[token]!, wpe[position]!));
    const normed = rmsnorm(x);
    keys.push(linear(wk, normed));
    values.push(linear(wv, normed));
    x = add(x, linear(wo, attention(linear(wq, normed), keys, values)));
    const hidden = linear(fc1, rmsnorm(x)).map((h) => h.relu());
    const mlp = linear(fc2, hidden);
    const logits = linear(lmHead, isWrong ? mlp : add(x, mlp));
    losses.push(softmax(logits)[tokens[position + 1]!]!.log().scaled(-1));
  });
  return sum(losses).scaled(1 / losses.length);
}

const numSteps = documents.length;
const m = new Float64Array(parameters.length);
const v = new Float64Array(parameters.length);
const weights = (): number[] => parameters.map((p) => p.data);

record({
  trace: 1, language: "TypeScript", n_layer: 1, n_embd: nEmbd, n_head: nHead,
  block_size: blockSize, vocab: characters, num_steps: numSteps, weights: weights(),
});
documents.forEach((document, step) => {
  const tokens = [bos, ...[...document].map((c) => characters.indexOf(c)), bos];
  const loss = meanLoss(tokens);
  loss.grad = 1;
  for (const value of [...tape].reverse()) value.flowBack();
  if (isRecorded(step)) {
    const grads = parameters.map((p) => p.grad);
    record({ step, document, tokens, loss: loss.data, grads });
  }
  const rate = 0.01 * (1 - step / numSteps);
  parameters.forEach((p, i) => {
    m[i] = 0.85 * m[i]! + 0.15 * p.grad;
    v[i] = 0.99 * v[i]! + 0.01 * p.grad ** 2;
    const mHat = m[i]! / (1 - 0.85 ** (step + 1));
    const vHat = v[i]! / (1 - 0.99 ** (step + 1));
    p.data -= (rate * mHat) / (Math.sqrt(vHat) + 1e-8);
    p.grad = 0;
  });
  if (isRecorded(step)) record({ step, m, v, weights: weights() });
  tape.length = parameters.length;
});
