/** Writing new documents. */

import { softmax } from "./layers.js";
import { Reader } from "./model.js";
import { choose } from "./random.js";
import { dataOf, nodesOf } from "./tree.js";

/**
 * Draws a document, each token with one uniform number, until the special token or the block's end.
 *
 * @param {import("./model.js").Sizes} sizes
 * @param {import("./tree.js").Tensors} weights
 * @param {number} temperature below 1 prefers likely tokens, above 1 levels them
 * @param {() => number} uniform gives the next number in `[0, 1)`
 * @returns {number[]} the tokens, without the special one
 */
export function sample(sizes, weights, temperature, uniform) {
  const reader = new Reader(sizes, nodesOf(weights));
  const bos = weights.wte.length - 1;
  const tokens = [];
  let token = bos;
  while (tokens.length < sizes.block_size) {
    const logits = reader.read(token);
    const probabilities = softmax(logits.map((logit) => logit.div(temperature)));
    token = choose(dataOf(probabilities), uniform());
    if (token === bos) break;
    tokens.push(token);
  }
  return tokens;
}
