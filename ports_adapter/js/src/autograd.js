/** Learning by automatic differentiation. */

import { ACTIVATIONS } from "./activations.js";
import { crossEntropy, softmax, sum } from "./layers.js";
import { dataOf, gradsOf, nodesOf } from "./tree.js";
import { backward } from "./value.js";

/** @typedef {import("./profiles.js").Program} Program */
/** @typedef {import("./tree.js").Nodes} Nodes */
/** @typedef {import("./tree.js").Tensors} Tensors */

/**
 * Reads all tokens of a document that have a successor, as far as the model has positions.
 *
 * @param {Program} program
 * @param {Nodes} weights
 * @param {number[]} tokens
 */
function read(program, weights, tokens) {
  const { architecture, sizes } = program;
  const reader = new architecture.Reader(program, weights);
  const positions = Math.min(architecture.positions(sizes), tokens.length - 1);
  const logits = tokens.slice(0, positions).map((token) => reader.read(token));
  return { logits, intermediates: reader.intermediates };
}

/**
 * What the model computes at a document.
 *
 * @param {Program} program
 * @param {Tensors} weights
 * @param {number[]} tokens
 */
function forward(program, weights, tokens) {
  return dataOf(read(program, nodesOf(weights), tokens));
}

/**
 * The mean over positions of how surprising each next token is, and its gradient.
 *
 * @param {Program} program
 * @param {Tensors} weights
 * @param {number[]} tokens
 * @returns {import("./learning.js").Evaluation}
 */
function evaluate(program, weights, tokens) {
  const nodes = nodesOf(weights);
  const { logits, intermediates } = read(program, nodes, tokens);
  const losses = logits.map((row, position) => crossEntropy(row, tokens[position + 1]));
  const loss = sum(losses).mul(1 / losses.length);
  backward([loss], [1]);
  // Numbers alone: whoever kept a node would keep the whole graph, which shall die young.
  return {
    loss: loss.data,
    losses: dataOf(losses),
    logits: dataOf(logits),
    grads: gradsOf(nodes),
    intermediateGrads: gradsOf(intermediates),
  };
}

/**
 * @param {Program} program
 * @param {Tensors} weights
 * @param {number} temperature
 * @returns {import("./learning.js").Predict}
 */
function predictor(program, weights, temperature) {
  const reader = new program.architecture.Reader(program, nodesOf(weights));
  return (token) => {
    const logits = reader.read(token);
    return dataOf(softmax(logits.map((logit) => logit.div(temperature))));
  };
}

/** Automatic differentiation as a way of learning. */
export const AUTOGRAD = Object.freeze({
  activations: Object.keys(ACTIVATIONS),
  evaluate,
  forward,
  predictor,
});
