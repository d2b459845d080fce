import assert from "node:assert/strict";
import { test } from "node:test";

import { METHODS } from "../src/methods.js";
import { normal, quietResiduals, zero } from "../src/initial.js";
import { PROFILES } from "../src/profiles.js";
import { Random } from "../src/random.js";
import { cosine, linear } from "../src/schedules.js";
import { DIFFERENTIABLE, drawnWeights, sizes, small } from "./small.js";

const optimizer = { learning_rate: 0.1, num_steps: 4, beta1: 0.85, beta2: 0.99, eps: 1e-8 };
const ask = (method, params) => METHODS.get(method)(params, () => {});

/** A whole program, its steps and its result. */
function replicated(profile, changes = {}) {
  const steps = [];
  const question = {
    profile, sizes, optimizer, seed: 42, init_std: 0.08, temperature: 0.5, num_samples: 3,
    text: "wren\nowl\nteal\n", ...changes,
  };
  const result = METHODS.get("replicate")(question, (step) => steps.push(step));
  return { steps, ...result };
}

test("a profile that is not known is refused, and all that are, named", () => {
  for (const method of ["tokenize", "forward", "backward", "sgd", "adam", "train", "sample"]) {
    const question = { profile: "train6", text: "owl", sizes };
    assert.throws(() => ask(method, question), /params\/profile must be one of .*train/);
  }
  assert.throws(() => replicated("toString"), /params\/profile must be one of train0, train1/);
});

test("a method is refused for a profile that it is not for", () => {
  for (const method of ["forward", "backward"]) {
    assert.throws(() => ask(method, { profile: "train0", sizes }), /\/profile must be one of/);
  }
  assert.throws(() => ask("adam", { profile: "train4" }), /one of train5, first-/);
  assert.throws(() => ask("sgd", { profile: "microgpt" }), /one of train1, .*, train4$/);
});

test("an activation that is not known, or not of a gradient by hand, is refused", () => {
  const question = { profile: "microgpt", sizes, activation: "tanh" };
  assert.throws(() => ask("forward", question), /activation must be one of relu, .*, gelu$/);
  assert.throws(() => ask("forward", { ...question, profile: "train1" }), /one of relu$/);
});

test("profiles cannot be changed", () => {
  assert.ok(Object.isFrozen(PROFILES) && Object.values(PROFILES).every(Object.isFrozen));
});

test("weights are named and ordered as they are drawn", () => {
  const names = (profile) => Object.keys(drawnWeights(small(profile)));
  const [layer, ...others] = [
    "attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2",
  ];
  assert.deepEqual(names("train3"), ["wte", "wpe", layer, ...others, "lm_head"]);
  assert.deepEqual(names("train2"), ["wte", "mlp_fc1", "mlp_fc2"]);
  assert.deepEqual(names("train0"), ["counts"]);
  assert.deepEqual(names("microgpt").slice(0, 4), ["wte", "wpe", "lm_head", "layer0.attn_wq"]);
  assert.ok(!names("first-revision").includes("lm_head"));
});

test("matrices that are drawn as 0 take their numbers from the generator", () => {
  const [quiet, loud, untouched] = [new Random(1), new Random(1), new Random(1)];
  assert.equal(quietResiduals(quiet, 0.02, "layer0.attn_wo"), 0);
  normal(loud, 0.02);
  assert.equal(quietResiduals(quiet, 0.02, "wte"), normal(loud, 0.02));
  assert.equal(zero(untouched, 0.02, "counts"), 0);
  assert.equal(untouched.random(), new Random(1).random());
});

test("learning rates fall to nothing", () => {
  const course = { learning_rate: 0.1, num_steps: 100 };
  assert.deepEqual([0, 50, 100].map((step) => linear(course, step)), [0.1, 0.05, 0]);
  assert.equal(cosine(course, 0), 0.1);
  assert.ok(Math.abs(cosine(course, 50) - 0.05) < 1e-16);
  assert.equal(cosine(course, 100), 0);
});

test("gradient descent goes down by the learning rate's share", () => {
  const answer = ask("sgd", {
    profile: "train4", sizes, optimizer: { learning_rate: 0.5, num_steps: 4 }, step: 2,
    weights: { wte: [[1, 2]] }, grads: { wte: [[4, -8]] },
  });
  assert.deepEqual(answer, { learning_rate: 0.25, weights: { wte: [[0, 4]] } });
});

for (const profile of DIFFERENTIABLE) {
  test(`training ${profile} lowers the loss, and keeps its optimizer's moments alone`, () => {
    const weights = drawnWeights(small(profile));
    const zeros = Object.fromEntries(
      Object.entries(weights).map(([name, rows]) => [name, rows.map((row) => row.map(() => 0))]),
    );
    const { moments } = PROFILES[profile].optimizer;
    const losses = [];
    const question = {
      profile, sizes, optimizer: { ...optimizer, num_steps: 40 }, step: 0, steps: 40, weights,
      m: zeros, v: zeros, documents: [[3, 0, 2, 1, 3]],
    };
    const result = METHODS.get("train")(question, ({ loss }) => losses.push(loss));
    assert.ok(losses.at(-1) < losses[0]);
    assert.deepEqual(Object.keys(result).sort(), [...moments, "weights"]);
  });
}

test("counting adds a document's pairs after its loss was taken", () => {
  const steps = [];
  const counts = [[0, 0, 0], [2, 0, 1], [0, 0, 0]];
  const question = {
    profile: "train0", sizes, optimizer: { num_steps: 1 }, step: 0, steps: 1,
    weights: { counts }, documents: [[2, 1, 0, 2]],
  };
  const result = METHODS.get("train")(question, (step) => steps.push(step));
  assert.deepEqual(result, { weights: { counts: [[0, 0, 1], [3, 0, 1], [0, 1, 0]] } });
  const expected = (Math.log(3) + Math.log(2) + Math.log(3)) / 3;
  assert.ok(Math.abs(steps[0].loss - expected) < 1e-15);
});

test("a table of counts is sampled as it is, whatever the temperature", () => {
  const question = { profile: "train0", sizes, weights: { counts: [[1, 0], [1, 0]] } };
  for (const temperature of [0.1, 1]) {
    const drawn = ask("sample", { ...question, temperature, uniforms: [0.6, 0.7] });
    assert.deepEqual(drawn, { tokens: [0], uniforms_used: 2 });
  }
});

test("every profile runs as a whole", () => {
  for (const profile of Object.keys(PROFILES)) {
    const { steps, samples, vocab_size } = replicated(profile);
    assert.equal(steps.length, 4);
    assert.ok(steps.every(({ loss }) => Number.isFinite(loss)));
    assert.equal(samples.length, 3);
    assert.equal(vocab_size, profile === "first-revision" ? 10 : 9);
  }
});

test("the table of counts is not trained by what is drawn", () => {
  const runs = [1, 2].map((n_embd) =>
    replicated("train0", { sizes: { ...sizes, n_embd, n_head: 1 } }),
  );
  assert.deepEqual(runs[0], runs[1]);
  assert.equal(runs[0].num_params, 81);
});

test("a train1 and a train2 of one seed are the same program", () => {
  assert.deepEqual(replicated("train1").samples, replicated("train2").samples);
});
