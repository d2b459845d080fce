/** Draws from a generator, as the protocol orders them. */

import { list, number, oneOf, record, whole } from "./check.js";
import { choose } from "./random.js";

/** @typedef {import("./check.js").Check} Check */
/** @typedef {import("./random.js").Random} Random */

/**
 * What each draw demands of its order, and how it is performed.
 *
 * @type {Record<string, {check: Check, perform: (random: Random, order: any) => number[]}>}
 */
const DRAWS = {
  random: {
    check: record({ count: whole() }),
    perform: (random, { count }) => repeat(count, () => random.random()),
  },
  gauss: {
    check: record({ mean: number, std: number, count: whole() }),
    perform: (random, { mean, std, count }) => repeat(count, () => random.gauss(mean, std)),
  },
  shuffle: {
    check: record({ count: whole() }),
    perform: (random, { count }) => random.shuffle([...Array(count).keys()]),
  },
  choices: {
    check: record({ weights: positiveSum, count: whole() }),
    perform: (random, { weights, count }) => repeat(count, () => choose(weights, random.random())),
  },
};

/**
 * Whether this orders a draw.
 *
 * @type {Check}
 */
export function drawOrder(order) {
  return record({ draw: oneOf(...Object.keys(DRAWS)) })(order) ?? DRAWS[order.draw].check(order);
}

/**
 * @param {Random} random
 * @param {{draw: string}} order that has passed `drawOrder`
 */
export function perform(random, order) {
  return DRAWS[order.draw].perform(random, order);
}

/**
 * @param {number} count
 * @param {() => number} make
 */
function repeat(count, make) {
  return Array.from({ length: count }, make);
}

/** @type {Check} */
function positiveSum(weights) {
  const problem = list(number)(weights);
  if (problem !== null) return problem;
  return weights.reduce((a, b) => a + b, 0) > 0 ? null : " must have a sum above 0";
}
