/** What the weights are before the first step. */

/**
 * A weight of the matrix `name`.
 *
 * @typedef {(random: import("./random.js").Random, std: number, name: string) => number} Initial
 */

/**
 * Drawn around 0.
 *
 * @type {Initial}
 */
export const normal = (random, std) => random.gauss(0, std);

/**
 * Likewise, but 0 in the matrices that lead back to the residual stream, so that a layer begins
 * as the identity. These are drawn all the same: the generator goes on.
 *
 * @type {Initial}
 */
export const quietResiduals = (random, std, name) =>
  random.gauss(0, /attn_wo$|mlp_fc2$/.test(name) ? 0 : std);

/**
 * Nothing is drawn.
 *
 * @type {Initial}
 */
export const zero = () => 0;
