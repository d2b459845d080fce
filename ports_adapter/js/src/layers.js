/** The layers of the model, each a function from nodes to nodes. */

import { ACTIVATIONS } from "./activations.js";
import { Value } from "./value.js";

/**
 * From left to right, starting at 0.
 *
 * @param {Value[]} terms
 */
export function sum(terms) {
  let total = new Value(0);
  for (const term of terms) total = total.add(term);
  return total;
}

/**
 * The sum of products.
 *
 * @param {Value[]} a
 * @param {Value[]} b
 */
function dot(a, b) {
  let total = new Value(0);
  for (let i = 0; i < a.length; i++) total = total.add(a[i].mul(b[i]));
  return total;
}

/**
 * The sum of two vectors.
 *
 * @param {Value[]} a
 * @param {Value[]} b
 */
export function add(a, b) {
  return a.map((x, i) => x.add(b[i]));
}

/**
 * A matrix times a vector.
 *
 * @param {Value[]} x
 * @param {Value[][]} w `[nout][nin]`
 */
export function linear(x, w) {
  return w.map((row) => dot(row, x));
}

/**
 * Logits to probabilities.
 *
 * The maximum is subtracted as a constant: it keeps `exp` in range and cancels in the quotient.
 *
 * @param {Value[]} logits
 */
export function softmax(logits) {
  const maximum = logits.reduce((most, logit) => Math.max(most, logit.data), -Infinity);
  const exps = logits.map((logit) => logit.sub(maximum).exp());
  const total = sum(exps);
  return exps.map((e) => e.div(total));
}

/**
 * Scales a vector to a root mean square of about 1.
 *
 * @param {Value[]} x
 */
export function rmsnorm(x) {
  const meanSquare = dot(x, x).div(x.length);
  const scale = meanSquare.add(1e-5).pow(-0.5);
  return x.map((xi) => xi.mul(scale));
}

/**
 * One query over all cached positions. The heads are contiguous slices of the vectors; `output`
 * has them side by side again.
 *
 * @param {Value[]} query
 * @param {Value[][]} keys
 * @param {Value[][]} values
 * @param {number} headCount
 */
export function attention(query, keys, values, headCount) {
  const size = query.length / headCount;
  const heads = Array.from({ length: headCount }, (_, head) => {
    const slice = (vector) => vector.slice(head * size, (head + 1) * size);
    return attend(slice(query), keys.map(slice), values.map(slice));
  });
  return {
    scores: heads.map((head) => head.scores),
    weights: heads.map((head) => head.weights),
    output: heads.flatMap((head) => head.output),
  };
}

/**
 * One head's attention.
 *
 * @param {Value[]} query
 * @param {Value[][]} keys
 * @param {Value[][]} values
 */
function attend(query, keys, values) {
  const scores = keys.map((key) => dot(query, key).div(query.length ** 0.5));
  const weights = softmax(scores);
  const output = query.map((_, i) => dot(weights, values.map((value) => value[i])));
  return { scores, weights, output };
}

/**
 * The perceptron with one hidden layer.
 *
 * @param {Value[]} x
 * @param {Value[][]} fc1
 * @param {Value[][]} fc2
 * @param {(x: Value) => Value} activate
 */
export function mlp(x, fc1, fc2, activate = ACTIVATIONS.relu) {
  const hidden = linear(x, fc1);
  const activation = hidden.map(activate);
  return { hidden, activation, output: linear(activation, fc2) };
}

/**
 * How surprising the target is, in nats.
 *
 * @param {Value[]} logits
 * @param {number} target
 */
export function crossEntropy(logits, target) {
  return softmax(logits)[target].log().neg();
}
