/** What methods demand of their params; whatever falls short is refused with its place named. */

import * as check from "./check.js";
import { INVALID_PARAMS, RpcError } from "./errors.js";
import { programOf, PROFILES } from "./profiles.js";

/** @typedef {import("./check.js").Check} Check */
/** @typedef {import("./profiles.js").Profile} Profile */
/** @typedef {import("./profiles.js").Program} Program */
/** @typedef {import("./tree.js").Tensors} Tensors */
/** @typedef {(profile: Profile) => boolean} Fits */

/**
 * The name of a profile, of any or of those that a method is for.
 *
 * @param {Fits} [fits]
 * @returns {Check}
 */
export function profile(fits = () => true) {
  return check.oneOf(...Object.keys(PROFILES).filter((name) => fits(PROFILES[name])));
}

/** The model's shape. */
export const sizes = check.record({
  n_embd: check.whole(1),
  n_head: check.whole(1),
  n_layer: check.whole(),
  block_size: check.whole(1),
});

/**
 * The hyperparameters that an optimizer has.
 *
 * @param {import("./training.js").Optimizer} optimizer
 * @returns {Check}
 */
export function hyperparametersOf({ hyperparameters }) {
  const fields = hyperparameters.map((name) => [name, check.number]);
  return check.record({ num_steps: check.whole(), ...Object.fromEntries(fields) });
}

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
 * Demands a profile and a model's shape, with heads of equal size.
 *
 * @param {any} params
 * @param {Fits} [fits]
 * @returns {Program}
 */
export function demandProgram(params, fits) {
  demand(params, { profile: profile(fits), sizes });
  const { n_embd } = params.sizes;
  demand(params, { sizes: check.record({ n_head: check.divisorOf(n_embd) }) });
  const { activations } = PROFILES[params.profile].learning;
  if (activations) demand(params, { activation: check.optional(check.oneOf(...activations)) });
  return programOf(params);
}

/**
 * Demands likewise, and all the model's weights, shaped accordingly.
 *
 * @param {any} params
 * @param {Fits} [fits]
 * @returns {Program}
 */
export function demandModel(params, fits) {
  const program = demandProgram(params, fits);
  const { architecture, sizes } = program;
  const { vocabulary } = architecture;
  demand(params, { weights: tensors });
  demand(params, { weights: check.record({ [vocabulary]: check.matrix() }) });
  const shapes = Object.entries(architecture.shapes(sizes, params.weights[vocabulary].length));
  const fields = shapes.map(([name, [rows, columns]]) => [name, check.matrix(rows, columns)]);
  demand(params, { weights: check.record(Object.fromEntries(fields)) });
  return program;
}

/**
 * Tokens of one document, all of them in the model's vocabulary.
 *
 * @param {Program} program
 * @param {Tensors} weights
 * @returns {Check}
 */
export function documentFor({ architecture }, weights) {
  return check.list(check.whole(0, weights[architecture.vocabulary].length - 1), 2);
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
