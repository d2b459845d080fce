/** Writing new documents. */

import { choose } from "./random.js";

/**
 * Draws a document, each token with one uniform number, until the special token at its end or the
 * block's end.
 *
 * @param {import("./profiles.js").Program} program
 * @param {import("./tree.js").Tensors} weights
 * @param {number} temperature below 1 prefers likely tokens, above 1 levels them
 * @param {() => number} uniform gives the next number in `[0, 1)`
 * @returns {number[]} the tokens, without those at both ends
 */
export function sample(program, weights, temperature, uniform) {
  const { architecture, learning, specialTokens, sizes } = program;
  const { bos, eos } = specialTokens.ends(weights[architecture.vocabulary].length);
  const predict = learning.predictor(program, weights, temperature);
  const tokens = [];
  let token = bos;
  while (tokens.length < sizes.block_size) {
    token = choose(predict(token), uniform());
    if (token === eos) break;
    tokens.push(token);
  }
  return tokens;
}
