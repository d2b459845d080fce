/** What stands between the two matrices of the perceptron, each a function of one node. */

/** @typedef {import("./value.js").Value} Value */

/** @type {Readonly<Record<"relu" | "squared_relu" | "gelu", (x: Value) => Value>>} */
export const ACTIVATIONS = Object.freeze({
  relu: (x) => x.relu(),
  squared_relu: (x) => x.relu().pow(2),
  gelu,
});

/**
 * A smooth relu, as GPT-2 has it.
 *
 * @param {Value} x
 */
function gelu(x) {
  const u = x.add(x.pow(3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(0.5).mul(u.tanh().add(1));
}
