import assert from "node:assert/strict";
import { test } from "node:test";

import { choose, Random } from "../src/random.js";

test("seed 42 gives what CPython gives", () => {
  const random = new Random(42);
  assert.deepEqual(
    [random.random(), random.random(), random.random()],
    [0.6394267984578837, 0.025010755222666936, 0.27502931836911926],
  );
});

test("Gaussian draws come in pairs, of which the second is kept", () => {
  const random = new Random(42);
  const expected = [-0.14409032957792836, -0.1729036003315193, -0.11131586156766247];
  for (const number of expected) assert.ok(Math.abs(random.gauss(0, 1) - number) < 1e-15);
});

test("a shuffle is CPython's", () => {
  assert.deepEqual(new Random(42).shuffle([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), [
    7, 3, 2, 8, 5, 6, 9, 4, 0, 1,
  ]);
});

test("a seed of more than 32 bits is taken whole", () => {
  assert.notEqual(new Random(2 ** 40 + 1).random(), new Random(1).random());
});

test("what has no weight is never chosen", () => {
  assert.equal(choose([0, 1, 0, 3], 0), 1);
  assert.equal(choose([0, 1, 0, 3], 0.25), 3);
  assert.equal(choose([0, 1, 0, 3], 0.9999999999999999), 3);
});
