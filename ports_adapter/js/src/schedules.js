/** How the learning rate decays over the steps. */

/** @typedef {{learning_rate: number, num_steps: number}} Course from which rate, over how many */
/** @typedef {(course: Course, step: number) => number} Schedule the rate of a step, from 0 on */

/**
 * Evenly.
 *
 * @type {Schedule}
 */
export const linear = ({ learning_rate, num_steps }, step) =>
  learning_rate * (1 - step / num_steps);

/**
 * Along half a wave of the cosine.
 *
 * @type {Schedule}
 */
export const cosine = ({ learning_rate, num_steps }, step) =>
  learning_rate * 0.5 * (1 + Math.cos((Math.PI * step) / num_steps));
