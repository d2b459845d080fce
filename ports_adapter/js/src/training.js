/** Training: loss, gradients, update, one document a step. */

import { adam } from "./adam.js";
import { lossOf } from "./model.js";
import { dataOf, gradsOf, nodesOf } from "./tree.js";
import { backward } from "./value.js";

/** @typedef {import("./adam.js").State} State */
/**
 * @typedef {object} Course
 * @property {import("./model.js").Sizes} sizes
 * @property {import("./adam.js").Optimizer} optimizer
 * @property {number[][]} documents tokens of each
 * @property {number} step the first one's number, counted from 0
 * @property {number} steps how many
 * @property {"light" | "full"} [record] what is told of each
 */
/** @typedef {{step: number, loss: number, learning_rate: number}} Light */
/** @typedef {Light & State & {logits: number[][], losses: number[], grads: Tensors}} Full */
/** @typedef {import("./tree.js").Tensors} Tensors */
/** @typedef {(event: Light | Full) => void} OnStep */

/**
 * Nothing is changed in place: every step makes new weights, and a new graph over them.
 *
 * @param {State} state
 * @param {Course} course
 * @param {OnStep} onStep
 * @returns {State} the state after the last step
 */
export function train(state, { sizes, optimizer, documents, step, steps, record }, onStep) {
  for (let s = step; s < step + steps; s++) {
    const weights = nodesOf(state.weights);
    const { loss, losses, logits } = lossOf(sizes, weights, documents[s % documents.length]);
    backward([loss], [1]);
    const grads = gradsOf(weights);
    const { learning_rate, ...next } = adam(optimizer, s, state, grads);
    state = next;
    const light = { step: s, loss: loss.data, learning_rate };
    const full = () => ({ logits: dataOf(logits), losses: dataOf(losses), grads, ...state });
    onStep(record === "full" ? { ...light, ...full() } : light);
  }
  return state;
}
