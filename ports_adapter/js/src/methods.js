/** The protocol's methods: what each demands of its params, and what it answers. */

import { adam } from "./adam.js";
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
  demandSizes,
  documentFor,
  optimizer,
  profile,
  refuse,
  shapedLike,
  tensors,
} from "./demands.js";
import { drawOrder, perform } from "./draws.js";
import { evaluate, expression } from "./expression.js";
import * as layers from "./layers.js";
import { forward, lossOf } from "./model.js";
import { Random } from "./random.js";
import { replicate } from "./replication.js";
import { sample } from "./sampling.js";
import { documentsOf, Tokenizer } from "./tokenizer.js";
import { train } from "./training.js";
import { dataOf, gradsOf, nodesOf } from "./tree.js";
import { backward } from "./value.js";

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
      profiles: ["microgpt"],
      other_sizes: true,
      intermediates: true,
      full_record: true,
    };
  },

  tokenize(params) {
    demand(params, { text });
    const documents = documentsOf(params.text);
    const tokenizer = new Tokenizer(documents);
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
    demand(params, { x: vector(), fc1: matrix() });
    const { x, fc1, fc2 } = params;
    demand(params, { fc1: matrix(undefined, x.length), fc2: matrix(undefined, fc1.length) });
    const perceive = (nodes) => layers.mlp(nodes.x, nodes.fc1, nodes.fc2).output;
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
    demandDocument(params);
    const { logits, intermediates } = forward(params.sizes, nodesOf(params.weights), params.tokens);
    const answer = { logits: dataOf(logits) };
    if (!params.intermediates) return answer;
    return { ...answer, intermediates: dataOf(intermediates) };
  },

  backward(params) {
    demandDocument(params);
    const weights = nodesOf(params.weights);
    const { loss, losses, intermediates } = lossOf(params.sizes, weights, params.tokens);
    backward([loss], [1]);
    const answer = { loss: loss.data, losses: dataOf(losses), grads: gradsOf(weights) };
    if (!params.intermediates) return answer;
    return { ...answer, intermediate_grads: gradsOf(intermediates) };
  },

  adam(params) {
    demand(params, { profile, optimizer, step: whole(), weights: tensors });
    const { step, weights, m, v, grads } = params;
    const like = shapedLike(weights);
    demand(params, { m: like, v: like, grads: like });
    return adam(params.optimizer, step, { weights, m, v }, grads);
  },

  train(params, onStep) {
    demandModel(params);
    const { weights, m, v } = params;
    const like = shapedLike(weights);
    const documents = list(documentFor(weights), 1);
    demand(params, { optimizer, m: like, v: like, documents, step: whole(), steps: whole() });
    demand(params, { record: optional(oneOf("light", "full")) });
    return train({ weights, m, v }, params, onStep);
  },

  random(params) {
    demand(params, { seed: whole(), draws: list(drawOrder) });
    const random = new Random(params.seed);
    return { results: params.draws.map((order) => perform(random, order)) };
  },

  sample(params) {
    demandModel(params);
    demand(params, { temperature: above0, uniforms: list(number) });
    const { sizes, weights, temperature, uniforms } = params;
    let uniforms_used = 0;
    const uniform = () => {
      if (uniforms_used === uniforms.length) refuse(`/uniforms ran out after ${uniforms_used}`);
      return uniforms[uniforms_used++];
    };
    const tokens = sample(sizes, weights, temperature, uniform);
    return { tokens, uniforms_used };
  },

  replicate(params, onStep) {
    demandSizes(params);
    demand(params, { optimizer, seed: whole(), init_std: number, temperature: above0 });
    demand(params, { num_samples: whole(), text });
    if (documentsOf(params.text).length === 0) refuse("/text holds no document");
    return replicate(params, onStep);
  },

  shutdown() {
    return {};
  },
};

/** The methods by name. */
export const METHODS = new Map(Object.entries(methods));

/** @param {any} params */
function demandDocument(params) {
  demandModel(params);
  demand(params, { tokens: documentFor(params.weights), intermediates: optional(flag) });
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
