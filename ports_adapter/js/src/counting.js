/** Learning by counting: a table of how often each token followed each other one. */

/** @typedef {import("./learning.js").Evaluation} Evaluation */
/** @typedef {import("./training.js").State} State */
/** @typedef {import("./tree.js").Tensors} Tensors */

/**
 * How probable each token is after one with these counts. One more is added to every count, so
 * that nothing is impossible.
 *
 * @param {number[]} counts
 */
export function probabilities(counts) {
  const total = counts.reduce((a, b) => a + b, counts.length);
  return counts.map((count) => (count + 1) / total);
}

/**
 * @param {import("./profiles.js").Program} _program
 * @param {Tensors} weights
 * @param {number[]} tokens
 * @returns {Evaluation} of the document before it is counted
 */
function evaluate(_program, { counts }, tokens) {
  const pairs = tokens.slice(1).map((next, i) => [tokens[i], next]);
  const losses = pairs.map(([token, next]) => -Math.log(probabilities(counts[token])[next]));
  return { loss: losses.reduce((a, b) => a + b) / losses.length, losses, pairs };
}

/**
 * Adds a document's pairs to a new table.
 *
 * @param {import("./training.js").Rule} _rule
 * @param {number} _step
 * @param {State} state
 * @param {Evaluation} evaluation
 * @returns {State}
 */
function count(_rule, _step, { weights }, { pairs }) {
  const counts = weights.counts.map((row) => [...row]);
  for (const [token, next] of pairs) counts[token][next]++;
  return { weights: { counts } };
}

/** Counting as a way of learning. A sample has no temperature. */
export const COUNTING = Object.freeze({
  evaluate,
  predictor: (_program, { counts }) => (token) => probabilities(counts[token]),
});

/** Counting as what an update does. */
export const COUNTER = Object.freeze({ hyperparameters: [], moments: [], update: count });
