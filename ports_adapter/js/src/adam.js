/** Adam. */

import { mapTree } from "./tree.js";

/** @typedef {import("./training.js").State} State */

/**
 * One update. Nothing is changed in place: the next state is a new one.
 *
 * @param {import("./training.js").Rule} rule
 * @param {number} step counted from 0
 * @param {State} state
 * @param {{grads: import("./tree.js").Tensors}} evaluation
 * @returns {State & {learning_rate: number}}
 */
export function adam(rule, step, state, { grads }) {
  const { beta1, beta2, eps } = rule;
  const learning_rate = rule.schedule(rule, step);
  const mBias = 1 - beta1 ** (step + 1);
  const vBias = 1 - beta2 ** (step + 1);
  const m = mapTree((mean, g) => beta1 * mean + (1 - beta1) * g, state.m, grads);
  const v = mapTree((square, g) => beta2 * square + (1 - beta2) * g ** 2, state.v, grads);
  const moved = (w, mean, square) =>
    w - (learning_rate * (mean / mBias)) / ((square / vBias) ** 0.5 + eps);
  return { learning_rate, m, v, weights: mapTree(moved, state.weights, m, v) };
}

/** Adam as a part of a program. */
export const ADAM = Object.freeze({
  hyperparameters: ["learning_rate", "beta1", "beta2", "eps"],
  moments: ["m", "v"],
  update: adam,
});
