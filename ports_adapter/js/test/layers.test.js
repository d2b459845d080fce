import assert from "node:assert/strict";
import { test } from "node:test";

import { attention, crossEntropy, rmsnorm, softmax } from "../src/layers.js";
import { Value } from "../src/value.js";

const data = (values) => values.map((value) => value.data);
const numbers = (...all) => all.map((number) => new Value(number));

test("probabilities are positive, add up to 1, and do not overflow", () => {
  const probabilities = data(softmax(numbers(1000, 999, -1000)));
  assert.ok(Math.abs(probabilities.reduce((a, b) => a + b) - 1) < 1e-15);
  assert.ok(probabilities[0] > probabilities[1]);
});

test("a normalised vector has a mean square of nearly 1", () => {
  const normed = data(rmsnorm(numbers(3, -4, 12, 0)));
  const meanSquare = normed.reduce((sum, x) => sum + x * x, 0) / 4;
  assert.ok(Math.abs(meanSquare - 1) < 1e-6);
});

test("with one position attention gives its value, whatever the query", () => {
  const value = numbers(1, 2, 3, 4);
  const { output } = attention(numbers(9, -9, 5, 5), [numbers(1, 1, 1, 1)], [value], 2);
  assert.deepEqual(data(output), data(value));
});

test("the loss of equal logits is the logarithm of their number", () => {
  const loss = crossEntropy(numbers(2, 2, 2, 2), 1);
  assert.ok(Math.abs(loss.data - Math.log(4)) < 1e-15);
});
