/** What methods demand of their params; whatever falls short is refused with its place named. */

import * as check from "./check.js";
import { INVALID_PARAMS, RpcError } from "./errors.js";
import { weightShapes } from "./model.js";

/** @typedef {import("./check.js").Check} Check */
/** @typedef {import("./tree.js").Tensors} Tensors */

/** The programs that this port knows. */
export const profile = check.oneOf("microgpt");

/** The model's shape. */
export const sizes = check.record({
  n_embd: check.whole(1),
  n_head: check.whole(1),
  n_layer: check.whole(),
  block_size: check.whole(1),
});

/** Adam's hyperparameters. */
export const optimizer = check.record({
  learning_rate: check.number,
  beta1: check.number,
  beta2: check.number,
  eps: check.number,
  num_steps: check.whole(),
});

/** Matrices by name. */
export const tensors = check.dictionary(check.matrix());

/**
 * Refuses params whose fields do not pass. Checks that depend on other fields come in a second
 * demand, when those have passed.
 *
 * @param {any} params
 * @param {Record<string, Check>} fields
 */
export function demand(params, fields) {
  const problem = check.record(fields)(params);
  if (problem !== null) refuse(problem);
}

/**
 * Refuses the request.
 *
 * @param {string} problem beginning with its place below `params`
 * @returns {never}
 */
export function refuse(problem) {
  throw new RpcError(INVALID_PARAMS, `params${problem}`);
}

/**
 * Demands a model's shape, with heads of equal size.
 *
 * @param {any} params
 */
export function demandSizes(params) {
  demand(params, { profile, sizes });
  const { n_embd } = params.sizes;
  demand(params, { sizes: check.record({ n_head: check.divisorOf(n_embd) }) });
}

/**
 * Demands a model's shape and all its weights, shaped accordingly.
 *
 * @param {any} params
 */
export function demandModel(params) {
  demandSizes(params);
  demand(params, { weights: tensors });
  demand(params, { weights: check.record({ wte: check.matrix() }) });
  const shapes = Object.entries(weightShapes(params.sizes, params.weights.wte.length));
  const fields = shapes.map(([name, [rows, columns]]) => [name, check.matrix(rows, columns)]);
  demand(params, { weights: check.record(Object.fromEntries(fields)) });
}

/**
 * Tokens of one document, all of them in the model's vocabulary.
 *
 * @param {Tensors} weights
 * @returns {Check}
 */
export function documentFor(weights) {
  return check.list(check.whole(0, weights.wte.length - 1), 2);
}

/**
 * Matrices with the names and shapes of these.
 *
 * @param {Tensors} weights
 * @returns {Check}
 */
export function shapedLike(weights) {
  const fields = Object.entries(weights).map(([name, rows]) => [
    name,
    check.all(rows.map((row) => check.vector(row.length))),
  ]);
  return check.record(Object.fromEntries(fields));
}
