import assert from "node:assert/strict";
import { test } from "node:test";

import { attention, crossEntropy, rmsnorm, softmax } from "../src/layers.js";
import { lossOf, weightShapes } from "../src/model.js";
import { Random } from "../src/random.js";
import { mapTree } from "../src/tree.js";
import { backward, Value } from "../src/value.js";

const sizes = { n_embd: 4, n_head: 2, n_layer: 2, block_size: 5 };
const document = [3, 0, 2, 2, 1, 3];

function drawnWeights() {
  const random = new Random(7);
  const drawn = {};
  for (const [name, [rows, columns]] of Object.entries(weightShapes(sizes, 4))) {
    drawn[name] = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => random.gauss(0, 0.4)),
    );
  }
  return drawn;
}

const nodes = (tree) => mapTree((number) => new Value(number), tree);
const data = (values) => values.map((value) => value.data);
const numbers = (...all) => all.map((number) => new Value(number));

/** Loss of the document by the weights. */
const lossAt = (weights) => lossOf(sizes, nodes(weights), document).loss.data;

test("every gradient of the model is the loss's slope", () => {
  const weights = drawnWeights();
  const values = nodes(weights);
  backward([lossOf(sizes, values, document).loss], [1]);
  for (const [name, rows] of Object.entries(weights)) {
    const [i, j] = [rows.length - 1, 1];
    const kept = rows[i][j];
    const [above, below] = [1e-5, -1e-5].map((h) => {
      rows[i][j] = kept + h;
      return lossAt(weights);
    });
    rows[i][j] = kept;
    assert.ok(Math.abs(values[name][i][j].grad - (above - below) / 2e-5) < 1e-8, name);
  }
});

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
