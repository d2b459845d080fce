/** The transformer. */

import { add, attention, crossEntropy, linear, mlp, rmsnorm, sum } from "./layers.js";
import { Value } from "./value.js";

/** @typedef {import("./tree.js").Nodes} Nodes */
/** @typedef {{n_embd: number, n_head: number, n_layer: number, block_size: number}} Sizes */

/**
 * The shape of every weight matrix, in the order in which they are drawn.
 *
 * @param {Sizes} sizes
 * @param {number} vocabularySize
 * @returns {Record<string, [rows: number, columns: number]>}
 */
export function weightShapes({ n_embd, n_layer, block_size }, vocabularySize) {
  /** @type {Record<string, [number, number]>} */
  const shapes = {
    wte: [vocabularySize, n_embd],
    wpe: [block_size, n_embd],
    lm_head: [vocabularySize, n_embd],
  };
  for (let layer = 0; layer < n_layer; layer++) {
    for (const name of ["attn_wq", "attn_wk", "attn_wv", "attn_wo"]) {
      shapes[`layer${layer}.${name}`] = [n_embd, n_embd];
    }
    shapes[`layer${layer}.mlp_fc1`] = [4 * n_embd, n_embd];
    shapes[`layer${layer}.mlp_fc2`] = [n_embd, 4 * n_embd];
  }
  return shapes;
}

/**
 * The model reading one document, token by token. What it computed on the way is kept: keys and
 * values because later positions attend to them, all of it by name in `intermediates`.
 */
export class Reader {
  /**
   * @param {Sizes} sizes
   * @param {Nodes} weights
   */
  constructor(sizes, weights) {
    this.sizes = sizes;
    this.weights = weights;
    this.position = 0;
    /** @type {Record<string, any[]>} by name, then by position */
    this.intermediates = {};
  }

  /**
   * @param {number} token
   * @returns {Value[]} the logits of the token that follows
   */
  read(token) {
    const { wte, wpe, lm_head } = this.weights;
    let x = this.keep("embedding", add(wte[token], wpe[this.position]));
    x = this.keep("input_norm", rmsnorm(x));
    for (let layer = 0; layer < this.sizes.n_layer; layer++) {
      x = this.attentionBlock(x, `layer${layer}.`);
      x = this.mlpBlock(x, `layer${layer}.`);
    }
    this.position++;
    return this.keep("logits", linear(x, lm_head));
  }

  /**
   * @param {Value[]} residual
   * @param {string} layer the prefix of its names
   */
  attentionBlock(residual, layer) {
    const weight = (name) => this.weights[layer + name];
    const x = this.keep(`${layer}attn_norm`, rmsnorm(residual));
    const q = this.keep(`${layer}q`, linear(x, weight("attn_wq")));
    this.keep(`${layer}k`, linear(x, weight("attn_wk")));
    this.keep(`${layer}v`, linear(x, weight("attn_wv")));
    const keys = this.intermediates[`${layer}k`];
    const values = this.intermediates[`${layer}v`];
    const { scores, weights, output } = attention(q, keys, values, this.sizes.n_head);
    this.keep(`${layer}attn_scores`, scores);
    this.keep(`${layer}attn_weights`, weights);
    this.keep(`${layer}attn_heads`, output);
    const out = this.keep(`${layer}attn_out`, linear(output, weight("attn_wo")));
    return this.keep(`${layer}attn_residual`, add(out, residual));
  }

  /**
   * @param {Value[]} residual
   * @param {string} layer the prefix of its names
   */
  mlpBlock(residual, layer) {
    const weight = (name) => this.weights[layer + name];
    const x = this.keep(`${layer}mlp_norm`, rmsnorm(residual));
    const { hidden, activation, output } = mlp(x, weight("mlp_fc1"), weight("mlp_fc2"));
    this.keep(`${layer}mlp_hidden`, hidden);
    this.keep(`${layer}mlp_activation`, activation);
    this.keep(`${layer}mlp_out`, output);
    return this.keep(`${layer}mlp_residual`, add(output, residual));
  }

  /**
   * Files this position's part of an intermediate, and hands it back.
   *
   * @template T
   * @param {string} name
   * @param {T} part
   * @returns {T}
   */
  keep(name, part) {
    (this.intermediates[name] ??= []).push(part);
    return part;
  }
}

/**
 * Reads all tokens of a document that have a successor, up to the block size.
 *
 * @param {Sizes} sizes
 * @param {Nodes} weights
 * @param {number[]} tokens
 */
export function forward(sizes, weights, tokens) {
  const reader = new Reader(sizes, weights);
  const positions = Math.min(sizes.block_size, tokens.length - 1);
  const logits = tokens.slice(0, positions).map((token) => reader.read(token));
  return { logits, intermediates: reader.intermediates };
}

/**
 * The mean over positions of how surprising each next token is.
 *
 * @param {Sizes} sizes
 * @param {Nodes} weights
 * @param {number[]} tokens
 */
export function lossOf(sizes, weights, tokens) {
  const { logits, intermediates } = forward(sizes, weights, tokens);
  const losses = logits.map((row, position) => crossEntropy(row, tokens[position + 1]));
  const loss = sum(losses).mul(1 / losses.length);
  return { loss, losses, logits, intermediates };
}
