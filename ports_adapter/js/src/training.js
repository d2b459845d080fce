/** Training: loss, gradients, update, one document a step. */

import { adam } from "./adam.js";
import { lossOf } from "./model.js";
import { gradsOf, nodesOf } from "./tree.js";
import { backward } from "./value.js";

/** @typedef {import("./adam.js").State} State */
/**
 * @typedef {object} Course
 * @property {import("./model.js").Sizes} sizes
 * @property {import("./adam.js").Optimizer} optimizer
 * @property {number[][]} documents tokens of each
 * @property {number} step the first one's number, counted from 0
 * @property {number} steps how many
 */
/** @typedef {(event: {step: number, loss: number, learning_rate: number}) => void} OnStep */

/**
 * Nothing is changed in place: every step makes new weights, and a new graph over them.
 *
 * @param {State} state
 * @param {Course} course
 * @param {OnStep} onStep
 * @returns {State} the state after the last step
 */
export function train(state, { sizes, optimizer, documents, step, steps }, onStep) {
  for (let s = step; s < step + steps; s++) {
    const weights = nodesOf(state.weights);
    const { loss } = lossOf(sizes, weights, documents[s % documents.length]);
    backward([loss], [1]);
    const { learning_rate, ...next } = adam(optimizer, s, state, gradsOf(weights));
    state = next;
    onStep({ step: s, loss: loss.data, learning_rate });
  }
  return state;
}
