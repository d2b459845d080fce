/**
 * What ways of learning have in common: automatic differentiation, a gradient by hand, counting.
 * Each goes from plain numbers to plain numbers.
 */

/** @typedef {import("./profiles.js").Program} Program */
/** @typedef {import("./tree.js").Tensors} Tensors */

/**
 * What is found at one document. Counting has neither logits nor gradients.
 *
 * @typedef {object} Evaluation
 * @property {number} loss the mean of `losses`
 * @property {number[]} losses how surprising each next token is, in nats
 * @property {number[][]} [logits]
 * @property {Tensors} [grads]
 * @property {Record<string, any[]>} [intermediateGrads]
 * @property {[token: number, next: number][]} [pairs] what is counted
 */
/**
 * What the model computes at one document; intermediates by name, then by position.
 *
 * @typedef {{logits: number[][], intermediates: Record<string, any[]>}} Reading
 */
/**
 * Takes a sample's tokens one by one, and tells how probable each token is to follow.
 *
 * @typedef {(token: number) => number[]} Predict
 */

/**
 * @typedef {object} Learning
 * @property {readonly string[]} [activations] that the model may have
 * @property {(program: Program, weights: Tensors, tokens: number[]) => Evaluation} evaluate
 * @property {(program: Program, weights: Tensors, tokens: number[]) => Reading} [forward]
 * @property {(program: Program, weights: Tensors, temperature: number) => Predict} predictor
 */

export {};
