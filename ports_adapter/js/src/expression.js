/** Scalar expressions as lists of nodes. */

import { all, list, number, oneOf, record, whole } from "./check.js";
import { backward, Value } from "./value.js";

/** @typedef {import("./check.js").Check} Check */

/** The operations and how many arguments each takes. */
const ARITY = {
  leaf: 0,
  neg: 1,
  pow: 1,
  exp: 1,
  log: 1,
  relu: 1,
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
};

/**
 * @typedef {object} ExpressionNode
 * @property {keyof typeof ARITY} op
 * @property {number[]} [args] indices of earlier nodes
 * @property {number} [value] of a leaf
 * @property {number} [exponent] of a power
 */

/**
 * The last node's value, and its derivatives by the leaves, in their order.
 *
 * @param {ExpressionNode[]} nodes
 */
export function evaluate(nodes) {
  /** @type {Value[]} */
  const values = [];
  for (const node of nodes) values.push(apply(node, values));
  const output = values[values.length - 1];
  backward([output], [1]);
  const leaves = values.filter((_, i) => nodes[i].op === "leaf");
  return { value: output.data, grads: leaves.map((leaf) => leaf.grad) };
}

/**
 * Whether these are the nodes of an expression.
 *
 * @type {Check}
 */
export function expression(nodes) {
  const operations = list(record({ op: oneOf(...Object.keys(ARITY)) }), 1);
  return operations(nodes) ?? all(nodes.map(operands))(nodes);
}

/**
 * What a node needs besides its operation.
 *
 * @param {ExpressionNode} node
 * @param {number} index
 * @returns {Check}
 */
function operands({ op }, index) {
  if (op === "leaf") return record({ value: number });
  const args = list(earlierThan(index), ARITY[op], ARITY[op]);
  return record(op === "pow" ? { args, exponent: number } : { args });
}

/**
 * @param {number} index
 * @returns {Check}
 */
const earlierThan = (index) => (value) =>
  value < index ? whole()(value) : " must be an earlier node's index";

/**
 * @param {ExpressionNode} node
 * @param {Value[]} earlier
 * @returns {Value}
 */
function apply({ op, args = [], value, exponent }, earlier) {
  if (op === "leaf") return new Value(value);
  const [first, second] = args.map((index) => earlier[index]);
  return op === "pow" ? first.pow(exponent) : first[op](second);
}
