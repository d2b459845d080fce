/** Architectures: the shapes of a model's weights, and what reads a document with them. */

import { TokenMlp } from "./token-mlp.js";
import { Transformer } from "./transformer.js";

/** @typedef {{n_embd: number, n_head: number, n_layer: number, block_size: number}} Sizes */
/** @typedef {Record<string, [rows: number, columns: number]>} Shapes */

/**
 * `shapes` are in the order in which the weights are drawn, and `vocabulary` is the matrix with a
 * row for each token. `positions` are how many a document may have. Of a transformer, `layers` are
 * the prefixes of its layers' weights, and `output` is the matrix that gives the logits.
 *
 * @typedef {object} Architecture
 * @property {(sizes: Sizes, vocabularySize: number) => Shapes} shapes
 * @property {string} vocabulary
 * @property {(sizes: Sizes) => number} positions
 * @property {typeof import("./reader.js").Reader} [Reader]
 * @property {(sizes: Sizes) => string[]} [layers]
 * @property {(sizes: Sizes) => number} [heads]
 * @property {string} [output]
 */

/**
 * Any number of layers.
 *
 * @type {Architecture}
 */
export const LAYERS = Object.freeze({
  Reader: Transformer,
  shapes: (sizes, vocabularySize) => ({
    ...embeddings(sizes, vocabularySize),
    lm_head: [vocabularySize, sizes.n_embd],
    ...layerShapes(sizes, LAYERS.layers(sizes)),
  }),
  vocabulary: "wte",
  positions: ({ block_size }) => block_size,
  layers: ({ n_layer }) => Array.from({ length: n_layer }, (_, layer) => `layer${layer}.`),
  heads: ({ n_head }) => n_head,
  output: "lm_head",
});

/**
 * The same, its embedding used for the logits, too.
 *
 * @type {Architecture}
 */
export const TIED_LAYERS = Object.freeze({
  ...LAYERS,
  shapes(sizes, vocabularySize) {
    const { lm_head, ...shapes } = LAYERS.shapes(sizes, vocabularySize);
    return shapes;
  },
  output: "wte",
});

/**
 * One layer with one head.
 *
 * @type {Architecture}
 */
export const ONE_HEAD = Object.freeze({
  ...LAYERS,
  shapes: (sizes, vocabularySize) => ({
    ...embeddings(sizes, vocabularySize),
    ...layerShapes(sizes, ONE_HEAD.layers(sizes)),
    lm_head: [vocabularySize, sizes.n_embd],
  }),
  layers: () => [""],
  heads: () => 1,
});

/**
 * A perceptron on the current token, whatever came before it.
 *
 * @type {Architecture}
 */
export const TOKEN_MLP = Object.freeze({
  Reader: TokenMlp,
  shapes: ({ n_embd }, vocabularySize) => ({
    wte: [vocabularySize, n_embd],
    mlp_fc1: [4 * n_embd, n_embd],
    mlp_fc2: [vocabularySize, 4 * n_embd],
  }),
  vocabulary: "wte",
  positions: () => Infinity,
});

/**
 * A table of counts.
 *
 * @type {Architecture}
 */
export const COUNTS = Object.freeze({
  shapes: (_sizes, vocabularySize) => ({ counts: [vocabularySize, vocabularySize] }),
  vocabulary: "counts",
  positions: () => Infinity,
});

/**
 * @param {Sizes} sizes
 * @param {number} vocabularySize
 * @returns {Shapes}
 */
function embeddings({ n_embd, block_size }, vocabularySize) {
  return { wte: [vocabularySize, n_embd], wpe: [block_size, n_embd] };
}

/**
 * @param {Sizes} sizes
 * @param {string[]} layers
 */
function layerShapes({ n_embd }, layers) {
  /** @type {Shapes} */
  const shapes = {};
  for (const layer of layers) {
    for (const name of ["attn_wq", "attn_wk", "attn_wv", "attn_wo"]) {
      shapes[layer + name] = [n_embd, n_embd];
    }
    shapes[`${layer}mlp_fc1`] = [4 * n_embd, n_embd];
    shapes[`${layer}mlp_fc2`] = [n_embd, 4 * n_embd];
  }
  return shapes;
}
