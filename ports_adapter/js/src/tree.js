/**
 * Trees: numbers or nodes in nested arrays and objects. A vector is a tree, and so are all the
 * weights of a model; what is done to each leaf keeps the shape.
 */

import { Value } from "./value.js";

/** @typedef {number[]} Vector */
/** @typedef {Vector[]} Matrix */
/** @typedef {Record<string, Matrix>} Tensors matrices by name */
/** @typedef {Record<string, Value[][]>} Nodes the same, of nodes */

/**
 * Applies `f` to the leaves of up to three trees of one shape.
 *
 * @param {(...leaves: any[]) => any} f
 * @param {any} a gives the shape
 * @param {any} [b]
 * @param {any} [c]
 * @returns {any}
 */
export function mapTree(f, a, b, c) {
  if (typeof a === "number" || a instanceof Value) return f(a, b, c);
  if (Array.isArray(a)) return a.map((_, i) => mapTree(f, a[i], b?.[i], c?.[i]));
  const names = Object.keys(a);
  const branch = (name) => mapTree(f, a[name], b?.[name], c?.[name]);
  return Object.fromEntries(names.map((name) => [name, branch(name)]));
}

/** Numbers to leaf nodes of a new graph. */
export const nodesOf = (tree) => mapTree((number) => new Value(number), tree);

/** Nodes to their numbers. */
export const dataOf = (tree) => mapTree((node) => node.data, tree);

/** Nodes to their gradients. */
export const gradsOf = (tree) => mapTree((node) => node.grad, tree);
