/** Gradient descent. */

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
export function sgd(rule, step, { weights }, { grads }) {
  const learning_rate = rule.schedule(rule, step);
  return { learning_rate, weights: mapTree((w, g) => w - learning_rate * g, weights, grads) };
}

/** Gradient descent as a part of a program. */
export const SGD = Object.freeze({
  hyperparameters: ["learning_rate"],
  moments: [],
  update: sgd,
});
