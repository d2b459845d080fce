/** The optimizer. */

import { mapTree } from "./tree.js";

/** @typedef {import("./tree.js").Tensors} Tensors */
/** @typedef {{weights: Tensors, m: Tensors, v: Tensors}} State */
/**
 * @typedef {object} Optimizer
 * @property {number} learning_rate of step 0, from where it falls linearly to 0
 * @property {number} beta1
 * @property {number} beta2
 * @property {number} eps
 * @property {number} num_steps
 */

/**
 * The state before the first step.
 *
 * @param {Tensors} weights
 * @returns {State}
 */
export function initialState(weights) {
  const zeros = mapTree(() => 0, weights);
  return { weights, m: zeros, v: zeros };
}

/**
 * One update. Nothing is changed in place: the next state is a new one.
 *
 * @param {Optimizer} optimizer
 * @param {number} step counted from 0
 * @param {State} state
 * @param {Tensors} grads
 * @returns {State & {learning_rate: number}}
 */
export function adam(optimizer, step, state, grads) {
  const { beta1, beta2, eps, num_steps } = optimizer;
  const learning_rate = optimizer.learning_rate * (1 - step / num_steps);
  const mBias = 1 - beta1 ** (step + 1);
  const vBias = 1 - beta2 ** (step + 1);
  const m = mapTree((mean, g) => beta1 * mean + (1 - beta1) * g, state.m, grads);
  const v = mapTree((square, g) => beta2 * square + (1 - beta2) * g ** 2, state.v, grads);
  const moved = (w, mean, square) =>
    w - (learning_rate * (mean / mBias)) / ((square / vBias) ** 0.5 + eps);
  return { learning_rate, m, v, weights: mapTree(moved, state.weights, m, v) };
}
