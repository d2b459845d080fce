import assert from "node:assert/strict";
import { test } from "node:test";

import { backward, Value } from "../src/value.js";

/** The slope of `f` at `x`, from two points around it. */
function slope(f, x, h = 1e-6) {
  return (f(new Value(x + h)).data - f(new Value(x - h)).data) / (2 * h);
}

const functions = {
  exp: (x) => x.exp(),
  log: (x) => x.log(),
  relu: (x) => x.relu(),
  tanh: (x) => x.tanh(),
  "x ** 3": (x) => x.pow(3),
  "1 / x": (x) => new Value(1).div(x),
  "x - 2": (x) => x.sub(2),
  "x * x": (x) => x.mul(x),
  "x + x * exp(x)": (x) => x.add(x.mul(x.exp())),
};

for (const [name, f] of Object.entries(functions)) {
  test(`the gradient of ${name} is its slope`, () => {
    for (const at of [0.3, 1, 2.5]) {
      const x = new Value(at);
      backward([f(x)], [1]);
      assert.ok(Math.abs(x.grad - slope(f, at)) < 1e-6 * (1 + Math.abs(x.grad)));
    }
  });
}

test("relu has gradient 0 at exactly 0", () => {
  const x = new Value(0);
  backward([x.relu()], [1]);
  assert.equal(x.grad, 0);
});

test("a shared node is finished before what is below it", () => {
  const x = new Value(2);
  const shared = x.mul(3);
  backward([shared.mul(shared.add(x))], [1]);
  assert.equal(x.grad, 2 * 12 * 2);
});

test("a chain deeper than the call stack is differentiated", () => {
  const x = new Value(1);
  let node = x;
  for (let i = 0; i < 200_000; i++) node = node.add(0);
  backward([node], [1]);
  assert.equal(x.grad, 1);
});

test("several roots are seeded at once", () => {
  const x = new Value(3);
  backward([x.mul(2), x.mul(5)], [1, 10]);
  assert.equal(x.grad, 52);
});
