/** The whole program, from a seed and a corpus to invented documents. */

import { initialState } from "./adam.js";
import { weightShapes } from "./model.js";
import { Random } from "./random.js";
import { sample } from "./sampling.js";
import { documentsOf, Tokenizer } from "./tokenizer.js";
import { train } from "./training.js";

/**
 * @typedef {object} Program
 * @property {import("./model.js").Sizes} sizes
 * @property {import("./adam.js").Optimizer} optimizer
 * @property {number} seed
 * @property {number} init_std
 * @property {number} temperature
 * @property {number} num_samples
 * @property {string} text
 */

/**
 * One generator serves it all, in this order: shuffle, weights, samples.
 *
 * @param {Program} program
 * @param {import("./training.js").OnStep} onStep
 */
export function replicate(program, onStep) {
  const { sizes, optimizer, seed, init_std, temperature, num_samples, text } = program;
  const random = new Random(seed);
  const corpus = random.shuffle(documentsOf(text));
  const tokenizer = new Tokenizer(corpus);
  const documents = corpus.map((document) => tokenizer.encode(document));

  const drawn = drawWeights(weightShapes(sizes, tokenizer.vocabularySize), random, init_std);
  const course = { sizes, optimizer, documents, step: 0, steps: optimizer.num_steps };
  const { weights } = train(initialState(drawn), course, onStep);

  const uniform = () => random.random();
  const write = () => tokenizer.decode(sample(sizes, weights, temperature, uniform));
  return {
    num_docs: corpus.length,
    vocab_size: tokenizer.vocabularySize,
    num_params: Object.values(weights).flat(2).length,
    samples: Array.from({ length: num_samples }, write),
  };
}

/**
 * @param {Record<string, [rows: number, columns: number]>} shapes
 * @param {Random} random
 * @param {number} std
 * @returns {import("./tree.js").Tensors}
 */
function drawWeights(shapes, random, std) {
  const row = (columns) => Array.from({ length: columns }, () => random.gauss(0, std));
  const matrix = ([rows, columns]) => Array.from({ length: rows }, () => row(columns));
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, matrix(shape)]));
}
