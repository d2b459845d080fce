/** Training: loss, gradients, update, one document a step. */

import { mapTree } from "./tree.js";

/** @typedef {import("./learning.js").Evaluation} Evaluation */
/** @typedef {import("./tree.js").Tensors} Tensors */

/** @typedef {{weights: Tensors, m?: Tensors, v?: Tensors}} State with the optimizer's moments */
/**
 * The hyperparameters of a question, which are those that the optimizer has. The learning rate is
 * that of step 0.
 *
 * @typedef {object} Hyperparameters
 * @property {number} num_steps
 * @property {number} [learning_rate]
 * @property {number} [beta1]
 * @property {number} [beta2]
 * @property {number} [eps]
 */
/** @typedef {Hyperparameters & {schedule: import("./schedules.js").Schedule}} Rule of an update */
/**
 * @typedef {(rule: Rule, step: number, state: State, evaluation: Evaluation) =>
 *   State & {learning_rate?: number}} Update
 */
/**
 * @typedef {object} Optimizer
 * @property {readonly string[]} hyperparameters
 * @property {readonly string[]} moments what its state has beside the weights
 * @property {Update} update
 */
/**
 * @typedef {object} Course
 * @property {Hyperparameters} optimizer
 * @property {number[][]} documents tokens of each
 * @property {number} step the first one's number, counted from 0
 * @property {number} steps how many
 * @property {"light" | "full"} [record] what is told of each
 */
/** @typedef {{step: number, loss: number, learning_rate?: number}} Light */
/** @typedef {Light & State & {logits?: number[][], losses: number[], grads?: Tensors}} Full */
/** @typedef {(event: Light | Full) => void} OnStep */

/**
 * The state before the first step: moments are 0.
 *
 * @param {Optimizer} optimizer
 * @param {Tensors} weights
 * @returns {State}
 */
export function initialState(optimizer, weights) {
  const zeros = mapTree(() => 0, weights);
  return stateOf(optimizer, { weights, m: zeros, v: zeros });
}

/**
 * The weights and the moments that the optimizer has, and nothing else.
 *
 * @param {Optimizer} optimizer
 * @param {State} given
 * @returns {State}
 */
export function stateOf({ moments }, given) {
  return Object.fromEntries(["weights", ...moments].map((name) => [name, given[name]]));
}

/**
 * Nothing is changed in place: every step makes new weights.
 *
 * @param {import("./profiles.js").Program} program
 * @param {State} state
 * @param {Course} course
 * @param {OnStep} onStep
 * @returns {State} the state after the last step
 */
export function train(program, state, { optimizer, documents, step, steps, record }, onStep) {
  const rule = { ...optimizer, schedule: program.schedule };
  for (let s = step; s < step + steps; s++) {
    const tokens = documents[s % documents.length];
    const evaluation = program.learning.evaluate(program, state.weights, tokens);
    const { learning_rate, ...next } = program.optimizer.update(rule, s, state, evaluation);
    state = next;
    const { loss, losses, logits, grads } = evaluation;
    const light = { step: s, loss, learning_rate };
    onStep(record === "full" ? { ...light, logits, losses, grads, ...state } : light);
  }
  return state;
}
