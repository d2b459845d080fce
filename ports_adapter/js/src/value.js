/** Scalar automatic differentiation. */

/** Numbers the walks over graphs, so that a node's mark tells which walk has seen it. */
let walks = 0;

/**
 * A number that knows how it was computed.
 *
 * A node has at most two children, and for each the slope: the derivative of this node by that
 * child. They are fields and not arrays, so that all nodes have one shape and stay fast.
 */
export class Value {
  /**
   * @param {number} data
   * @param {Value | null} [left]
   * @param {number} [leftSlope]
   * @param {Value | null} [right]
   * @param {number} [rightSlope]
   */
  constructor(data, left = null, leftSlope = 0, right = null, rightSlope = 0) {
    this.data = data;
    this.grad = 0;
    this.left = left;
    this.leftSlope = leftSlope;
    this.right = right;
    this.rightSlope = rightSlope;
    this.mark = 0;
  }

  /** @param {Value | number} other */
  add(other) {
    const right = asValue(other);
    return new Value(this.data + right.data, this, 1, right, 1);
  }

  /** @param {Value | number} other */
  mul(other) {
    const right = asValue(other);
    return new Value(this.data * right.data, this, right.data, right, this.data);
  }

  /** @param {number} exponent a constant */
  pow(exponent) {
    return new Value(this.data ** exponent, this, exponent * this.data ** (exponent - 1));
  }

  exp() {
    const data = Math.exp(this.data);
    return new Value(data, this, data);
  }

  log() {
    return new Value(Math.log(this.data), this, 1 / this.data);
  }

  relu() {
    const positive = this.data > 0;
    return new Value(positive ? this.data : 0, this, positive ? 1 : 0);
  }

  tanh() {
    const data = Math.tanh(this.data);
    // As 1 - data ** 2 it would lose its digits where tanh is near 1 or -1.
    return new Value(data, this, Math.cosh(this.data) ** -2);
  }

  neg() {
    return this.mul(-1);
  }

  /** @param {Value | number} other */
  sub(other) {
    return this.add(typeof other === "number" ? -other : other.neg());
  }

  /** @param {Value | number} other */
  div(other) {
    return this.mul(typeof other === "number" ? other ** -1 : other.pow(-1));
  }
}

/**
 * Adds to the `grad` of every node below the roots the derivative of `sum(seeds * roots)`.
 *
 * @param {Value[]} roots
 * @param {number[]} seeds
 */
export function backward(roots, seeds) {
  roots.forEach((root, i) => (root.grad += seeds[i]));
  const order = topologicalOrder(roots);
  for (let i = order.length - 1; i >= 0; i--) {
    const { grad, left, leftSlope, right, rightSlope } = order[i];
    if (left !== null) left.grad += leftSlope * grad;
    if (right !== null) right.grad += rightSlope * grad;
  }
}

/**
 * The nodes below the roots, children first, as a depth-first walk from left to right leaves them.
 * The stack is our own: a graph may be deeper than the call stack.
 *
 * @param {Value[]} roots
 * @returns {Value[]}
 */
function topologicalOrder(roots) {
  const entered = ++walks;
  const done = -entered;
  const order = [];
  const stack = [...roots].reverse();
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (node.mark === entered) {
      node.mark = done;
      order.push(node);
    }
    if (node.mark === done) {
      stack.pop();
    } else {
      node.mark = entered;
      if (node.right !== null) stack.push(node.right);
      if (node.left !== null) stack.push(node.left);
    }
  }
  return order;
}

/** @param {Value | number} x */
function asValue(x) {
  return typeof x === "number" ? new Value(x) : x;
}
