/** The transformer. */

import { ACTIVATIONS } from "./activations.js";
import { add, attention, linear, mlp, rmsnorm } from "./layers.js";
import { Reader } from "./reader.js";

/** @typedef {import("./value.js").Value} Value */

/** Later positions attend to the keys and values of earlier ones, which are kept anyway. */
export class Transformer extends Reader {
  position = 0;

  /**
   * @param {number} token
   * @returns {Value[]} the logits of the token that follows
   */
  read(token) {
    const { architecture, sizes } = this.program;
    const { wte, wpe, [architecture.output]: output } = this.weights;
    let x = this.keep("embedding", add(wte[token], wpe[this.position]));
    x = this.keep("input_norm", rmsnorm(x));
    for (const layer of architecture.layers(sizes)) {
      x = this.attentionBlock(x, layer);
      x = this.mlpBlock(x, layer);
    }
    this.position++;
    return this.keep("logits", linear(x, output));
  }

  /**
   * @param {Value[]} residual
   * @param {string} layer the prefix of its names
   */
  attentionBlock(residual, layer) {
    const { architecture, sizes } = this.program;
    const weight = (name) => this.weights[layer + name];
    const x = this.keep(`${layer}attn_norm`, rmsnorm(residual));
    const q = this.keep(`${layer}q`, linear(x, weight("attn_wq")));
    this.keep(`${layer}k`, linear(x, weight("attn_wk")));
    this.keep(`${layer}v`, linear(x, weight("attn_wv")));
    const keys = this.intermediates[`${layer}k`];
    const values = this.intermediates[`${layer}v`];
    const { scores, weights, output } = attention(q, keys, values, architecture.heads(sizes));
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
    const activate = ACTIVATIONS[this.program.activation];
    const x = this.keep(`${layer}mlp_norm`, rmsnorm(residual));
    const { hidden, activation, output } = mlp(x, weight("mlp_fc1"), weight("mlp_fc2"), activate);
    this.keep(`${layer}mlp_hidden`, hidden);
    this.keep(`${layer}mlp_activation`, activation);
    this.keep(`${layer}mlp_out`, output);
    return this.keep(`${layer}mlp_residual`, add(output, residual));
  }
}
