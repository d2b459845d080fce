/** The protocol's methods: what each demands of its params, and what it answers. */

import { ACTIVATIONS } from "./activations.js";
import { ADAM } from "./adam.js";
import {
  above0,
  divisorOf,
  flag,
  list,
  matrix,
  number,
  oneOf,
  optional,
  text,
  vector,
  whole,
} from "./check.js";
import {
  demand,
  demandModel,
  demandProgram,
  documentFor,
  hyperparametersOf,
  profile,
  refuse,
  shapedLike,
  tensors,
} from "./demands.js";
import { drawOrder, perform } from "./draws.js";
import { evaluate, expression } from "./expression.js";
import * as layers from "./layers.js";
import { PROFILES } from "./profiles.js";
import { Random } from "./random.js";
import { replicate } from "./replication.js";
import { sample } from "./sampling.js";
import { SGD } from "./sgd.js";
import { documentsOf, Tokenizer } from "./tokenizer.js";
import { stateOf, train } from "./training.js";
import { dataOf, gradsOf, nodesOf } from "./tree.js";
import { backward } from "./value.js";

/** @typedef {import("./training.js").Optimizer} Optimizer */
/** @typedef {(params: any, onStep: import("./training.js").OnStep) => object} Method */

/** @type {Record<string, Method>} */
const methods = {
  initialize(params) {
    demand(params, { protocol_version: whole(), suite: text });
    return {
      protocol_version: 1,
      name: "microgpt in JavaScript",
      language: "JavaScript",
      precision: "float64",
      methods: [...METHODS.keys()],
      profiles: Object.keys(PROFILES),
      activations: Object.keys(ACTIVATIONS),
      other_sizes: true,
      intermediates: true,
      full_record: true,
    };
  },

  tokenize(params) {
    demand(params, { text, profile: optional(profile()) });
    const documents = documentsOf(params.text);
    const { specialTokens } = PROFILES[params.profile ?? "microgpt"];
    const tokenizer = new Tokenizer(documents, specialTokens);
    return {
      characters: tokenizer.characters,
      vocab_size: tokenizer.vocabularySize,
      tokens: documents.map((document) => tokenizer.encode(document)),
    };
  },

  evaluate(params) {
    demand(params, { nodes: expression });
    return evaluate(params.nodes);
  },

  linear(params) {
    demand(params, { x: vector() });
    const { x, w } = params;
    demand(params, { w: matrix(undefined, x.length) });
    return differentiate((nodes) => layers.linear(nodes.x, nodes.w), { x, w }, params);
  },

  softmax(params) {
    demand(params, { x: vector() });
    return differentiate(({ x }) => layers.softmax(x), { x: params.x }, params);
  },

  rmsnorm(params) {
    demand(params, { x: vector() });
    return differentiate(({ x }) => layers.rmsnorm(x), { x: params.x }, params);
  },

  attention(params) {
    demand(params, { q: vector(), k: matrix() });
    const { q, k, v, n_head } = params;
    const cached = matrix(k.length, q.length);
    demand(params, { k: cached, v: cached, n_head: divisorOf(q.length) });
    const attend = (nodes) => layers.attention(nodes.q, nodes.k, nodes.v, n_head).output;
    return differentiate(attend, { q, k, v }, params);
  },

  mlp(params) {
    const activation = optional(oneOf(...Object.keys(ACTIVATIONS)));
    demand(params, { x: vector(), fc1: matrix(), activation });
    const { x, fc1, fc2 } = params;
    demand(params, { fc1: matrix(undefined, x.length), fc2: matrix(undefined, fc1.length) });
    const activate = ACTIVATIONS[params.activation ?? "relu"];
    const perceive = (nodes) => layers.mlp(nodes.x, nodes.fc1, nodes.fc2, activate).output;
    return differentiate(perceive, { x, fc1, fc2 }, params);
  },

  cross_entropy(params) {
    demand(params, { logits: vector() });
    demand(params, { target: whole(0, params.logits.length - 1) });
    const logits = nodesOf(params.logits);
    const loss = layers.crossEntropy(logits, params.target);
    backward([loss], [1]);
    return { loss: loss.data, grads: { logits: gradsOf(logits) } };
  },

  forward(params) {
    const program = demandDocument(params);
    const { learning } = program;
    const { logits, intermediates } = learning.forward(program, params.weights, params.tokens);
    return params.intermediates ? { logits, intermediates } : { logits };
  },

  backward(params) {
    const program = demandDocument(params);
    const evaluation = program.learning.evaluate(program, params.weights, params.tokens);
    const { loss, losses, grads, intermediateGrads: intermediate_grads } = evaluation;
    const answer = { loss, losses, grads };
    return params.intermediates ? { ...answer, intermediate_grads } : answer;
  },

  sgd: (params) => update(SGD, params),

  adam: (params) => update(ADAM, params),

  train(params, onStep) {
    const program = demandModel(params);
    const { weights } = params;
    const documents = list(documentFor(program, weights), 1);
    const optimizer = hyperparametersOf(program.optimizer);
    demand(params, { optimizer, documents, step: whole(), steps: whole() });
    demand(params, { record: optional(oneOf("light", "full")) });
    demandMoments(params, program.optimizer);
    return train(program, stateOf(program.optimizer, params), params, onStep);
  },

  random(params) {
    demand(params, { seed: whole(), draws: list(drawOrder) });
    const random = new Random(params.seed);
    return { results: params.draws.map((order) => perform(random, order)) };
  },

  sample(params) {
    const program = demandModel(params);
    demand(params, { temperature: above0, uniforms: list(number) });
    const { weights, temperature, uniforms } = params;
    let uniforms_used = 0;
    const uniform = () => {
      if (uniforms_used === uniforms.length) refuse(`/uniforms ran out after ${uniforms_used}`);
      return uniforms[uniforms_used++];
    };
    const tokens = sample(program, weights, temperature, uniform);
    return { tokens, uniforms_used };
  },

  replicate(params, onStep) {
    const program = demandProgram(params);
    const optimizer = hyperparametersOf(program.optimizer);
    demand(params, { optimizer, seed: whole(), init_std: number });
    demand(params, { temperature: above0, num_samples: whole(), text });
    if (documentsOf(params.text).length === 0) refuse("/text holds no document");
    return replicate(program, params, onStep);
  },

  shutdown() {
    return {};
  },
};

/** The methods by name. */
export const METHODS = new Map(Object.entries(methods));

/**
 * Demands a model whose layers can be asked, and a document.
 *
 * @param {any} params
 */
function demandDocument(params) {
  const program = demandModel(params, ({ learning }) => learning.forward !== undefined);
  const tokens = documentFor(program, params.weights);
  demand(params, { tokens, intermediates: optional(flag) });
  return program;
}

/**
 * Demands an optimizer's moments, shaped like the weights.
 *
 * @param {any} params
 * @param {Optimizer} optimizer
 */
function demandMoments(params, { moments }) {
  const like = shapedLike(params.weights);
  demand(params, Object.fromEntries(moments.map((name) => [name, like])));
}

/**
 * One update, of a profile that has this optimizer.
 *
 * @param {Optimizer} optimizer
 * @param {any} params
 */
function update(optimizer, params) {
  const own = profile((candidate) => candidate.optimizer === optimizer);
  demand(params, { profile: own, step: whole(), weights: tensors });
  const { schedule } = PROFILES[params.profile];
  demand(params, { optimizer: hyperparametersOf(optimizer), grads: shapedLike(params.weights) });
  demandMoments(params, optimizer);
  const rule = { ...params.optimizer, schedule };
  return optimizer.update(rule, params.step, stateOf(optimizer, params), params);
}

/**
 * A layer's output, and its vector-Jacobian product with the `output_grad` asked for.
 *
 * @param {(nodes: any) => import("./value.js").Value[]} layer
 * @param {Record<string, any>} inputs
 * @param {{output_grad: number[]}} params
 */
function differentiate(layer, inputs, params) {
  const nodes = nodesOf(inputs);
  const output = layer(nodes);
  demand(params, { output_grad: vector(output.length) });
  backward(output, params.output_grad);
  return { output: dataOf(output), grads: gradsOf(nodes) };
}
