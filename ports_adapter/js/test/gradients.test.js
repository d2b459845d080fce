import assert from "node:assert/strict";
import { test } from "node:test";

import { ACTIVATIONS } from "../src/activations.js";
import { AUTOGRAD } from "../src/autograd.js";
import { backward, Value } from "../src/value.js";
import { DIFFERENTIABLE, drawnWeights, small } from "./small.js";

const document = [3, 0, 2, 2, 1, 0, 0, 3];

/** The largest difference between a program's gradient and the slope of its loss. */
function largestDifference(program) {
  const weights = drawnWeights(program);
  const lossAt = () => program.learning.evaluate(program, weights, document).loss;
  const { grads } = program.learning.evaluate(program, weights, document);
  let largest = 0;
  for (const [name, rows] of Object.entries(weights)) {
    rows.forEach((row, i) => {
      const j = i % row.length;
      const kept = row[j];
      const [above, below] = [1e-5, -1e-5].map((h) => {
        row[j] = kept + h;
        return lossAt();
      });
      row[j] = kept;
      largest = Math.max(largest, Math.abs(grads[name][i][j] - (above - below) / 2e-5));
    });
  }
  return largest;
}

for (const name of DIFFERENTIABLE) {
  test(`the gradient of ${name} is its loss's slope`, () => {
    assert.ok(largestDifference(small(name)) < 1e-8);
  });
}

for (const activation of Object.keys(ACTIVATIONS)) {
  test(`so it is with ${activation} in place of the profile's own`, () => {
    assert.ok(largestDifference(small("microgpt", activation)) < 1e-8);
    assert.ok(largestDifference(small("train2", activation)) < 1e-8);
  });
}

test("the gradient by hand is that of automatic differentiation, at every node", () => {
  const program = small("train1");
  const weights = drawnWeights(program);
  const byHand = program.learning.evaluate(program, weights, document);
  const automatic = AUTOGRAD.evaluate(program, weights, document);
  for (const part of ["losses", "logits", "grads", "intermediateGrads"]) {
    near(byHand[part], automatic[part]);
  }
  near(
    program.learning.forward(program, weights, document),
    AUTOGRAD.forward(program, weights, document),
  );
});

test("activations are what they are called", () => {
  const at = (name, x) => ACTIVATIONS[name](new Value(x)).data;
  assert.deepEqual([at("relu", 3), at("relu", -3)], [3, 0]);
  assert.deepEqual([at("squared_relu", 3), at("squared_relu", -3)], [9, 0]);
  assert.equal(at("gelu", 0), 0);
  assert.ok(Math.abs(at("gelu", 1) - 0.8411919906082768) < 1e-15);
  assert.ok(Math.abs(at("gelu", -1) + 0.15880800939172324) < 1e-15);
});

test("gelu of large numbers has finite slopes", () => {
  for (const [at, slope] of [[50, 1], [-50, 0], [1e6, 1], [-1e6, 0], [1e100, 1], [-1e100, 0]]) {
    const x = new Value(at);
    const y = ACTIVATIONS.gelu(x);
    backward([y], [1]);
    assert.equal(x.grad, slope);
    assert.ok(y.data === at * slope, `${y.data} at ${at}`);
  }
});

/** Asserts that two trees have the same names, shapes and, nearly, numbers. */
function near(a, b) {
  if (typeof a === "number") {
    assert.ok(Math.abs(a - b) < 1e-14, `${a} is not ${b}`);
    return;
  }
  assert.deepEqual(Object.keys(a), Object.keys(b));
  for (const name of Object.keys(a)) near(a[name], b[name]);
}
