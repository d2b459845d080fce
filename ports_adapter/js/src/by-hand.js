/** Learning with the gradient of the MLP on the current token written out by hand. */

import { mapTree } from "./tree.js";

/** @typedef {import("./profiles.js").Program} Program */
/** @typedef {import("./tree.js").Matrix} Matrix */
/** @typedef {import("./tree.js").Tensors} Tensors */
/** @typedef {import("./tree.js").Vector} Vector */

/**
 * What the model computes at one position.
 *
 * @param {Tensors} weights
 * @param {number} token
 */
function read({ wte, mlp_fc1, mlp_fc2 }, token) {
  const mlp_hidden = times(mlp_fc1, wte[token]);
  const mlp_activation = mlp_hidden.map((h) => (h > 0 ? h : 0));
  return { mlp_hidden, mlp_activation, logits: times(mlp_fc2, mlp_activation) };
}

/**
 * Adds what one position contributes to the gradient, from the logits back to the embedding.
 *
 * @param {Tensors} weights
 * @param {Tensors} grads is added to
 * @param {number} token
 * @param {ReturnType<typeof read>} position what was read there; the logits' gradient is known
 * @param {Vector} logitGrads
 */
function unread(weights, grads, token, { mlp_hidden, mlp_activation }, logitGrads) {
  const activationGrads = transposedTimes(weights.mlp_fc2, logitGrads);
  const hiddenGrads = activationGrads.map((g, i) => (mlp_hidden[i] > 0 ? g : 0));
  addOuter(grads.mlp_fc2, logitGrads, mlp_activation);
  addOuter(grads.mlp_fc1, hiddenGrads, weights.wte[token]);
  const embeddingGrads = transposedTimes(weights.mlp_fc1, hiddenGrads);
  embeddingGrads.forEach((g, i) => (grads.wte[token][i] += g));
  return { mlp_hidden: hiddenGrads, mlp_activation: activationGrads, logits: logitGrads };
}

/**
 * @param {Vector} logits
 * @returns {Vector} their softmax
 */
function probabilities(logits) {
  const maximum = Math.max(...logits);
  const exps = logits.map((logit) => Math.exp(logit - maximum));
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / total);
}

/**
 * Forward through a document: every token that has a successor.
 *
 * @param {Program} _program
 * @param {Tensors} weights
 * @param {number[]} tokens
 */
function forward(_program, weights, tokens) {
  const positions = tokens.slice(0, -1).map((token) => read(weights, token));
  const intermediates = byName(positions);
  return { logits: intermediates.logits, intermediates };
}

/**
 * Forward and backward. The loss of a position is `-log(p[next])` with `p = softmax(logits)`: its
 * gradient by the logits is `p`, less 1 at the next token.
 *
 * @param {Program} _program
 * @param {Tensors} weights
 * @param {number[]} tokens
 * @returns {import("./learning.js").Evaluation}
 */
function evaluate(_program, weights, tokens) {
  const n = tokens.length - 1;
  const grads = mapTree(() => 0, weights);
  const [losses, logits, positionGrads] = [[], [], []];
  for (let position = 0; position < n; position++) {
    const [token, next] = [tokens[position], tokens[position + 1]];
    const found = read(weights, token);
    const p = probabilities(found.logits);
    losses.push(-Math.log(p[next]));
    logits.push(found.logits);
    const logitGrads = p.map((pi, i) => (i === next ? pi - 1 : pi) / n);
    positionGrads.push(unread(weights, grads, token, found, logitGrads));
  }
  const loss = losses.reduce((a, b) => a + b) / n;
  return { loss, losses, logits, grads, intermediateGrads: byName(positionGrads) };
}

/** The gradient by hand as a way of learning. */
export const BY_HAND = Object.freeze({
  activations: ["relu"],
  evaluate,
  forward,
  predictor: (_program, weights, temperature) => (token) =>
    probabilities(read(weights, token).logits.map((logit) => logit / temperature)),
});

/**
 * @param {Matrix} w
 * @param {Vector} x
 * @returns {Vector} `w @ x`
 */
function times(w, x) {
  return w.map((row) => row.reduce((total, weight, i) => total + weight * x[i], 0));
}

/**
 * @param {Matrix} w
 * @param {Vector} y
 * @returns {Vector} `y @ w`
 */
function transposedTimes(w, y) {
  return w[0].map((_, i) => w.reduce((total, row, o) => total + row[i] * y[o], 0));
}

/**
 * Adds the outer product of two vectors to a matrix.
 *
 * @param {Matrix} w
 * @param {Vector} y
 * @param {Vector} x
 */
function addOuter(w, y, x) {
  w.forEach((row, o) => x.forEach((xi, i) => (row[i] += y[o] * xi)));
}

/**
 * One record a position to one list a name.
 *
 * @param {Record<string, Vector>[]} positions
 * @returns {Record<string, Matrix>}
 */
function byName(positions) {
  const names = Object.keys(positions[0]);
  return Object.fromEntries(names.map((name) => [name, positions.map((part) => part[name])]));
}
