/** The whole program, from a seed and a corpus to invented documents. */

import { Random } from "./random.js";
import { sample } from "./sampling.js";
import { documentsOf, Tokenizer } from "./tokenizer.js";
import { initialState, train } from "./training.js";

/**
 * @typedef {object} Question
 * @property {import("./training.js").Hyperparameters} optimizer
 * @property {number} seed
 * @property {number} init_std
 * @property {number} temperature
 * @property {number} num_samples
 * @property {string} text
 */

/** @typedef {import("./profiles.js").Program} Program */

/**
 * One generator serves it all, in this order: shuffle, weights, samples.
 *
 * @param {Program} program
 * @param {Question} question
 * @param {import("./training.js").OnStep} onStep
 */
export function replicate(program, question, onStep) {
  const { optimizer, seed, init_std, temperature, num_samples, text } = question;
  const random = new Random(seed);
  const corpus = random.shuffle(documentsOf(text));
  const tokenizer = new Tokenizer(corpus, program.specialTokens);
  const documents = corpus.map((document) => tokenizer.encode(document));

  const drawn = drawWeights(program, tokenizer.vocabularySize, random, init_std);
  const start = initialState(program.optimizer, drawn);
  const course = { optimizer, documents, step: 0, steps: optimizer.num_steps };
  const { weights } = train(program, start, course, onStep);

  const uniform = () => random.random();
  const write = () => tokenizer.decode(sample(program, weights, temperature, uniform));
  return {
    num_docs: corpus.length,
    vocab_size: tokenizer.vocabularySize,
    num_params: Object.values(weights).flat(2).length,
    samples: times(num_samples, write),
  };
}

/**
 * @param {Program} program
 * @param {number} vocabularySize
 * @param {Random} random
 * @param {number} std
 * @returns {import("./tree.js").Tensors}
 */
function drawWeights({ architecture, initial, sizes }, vocabularySize, random, std) {
  const shapes = Object.entries(architecture.shapes(sizes, vocabularySize));
  const matrix = (name, rows, columns) =>
    times(rows, () => times(columns, () => initial(random, std, name)));
  return Object.fromEntries(shapes.map(([name, shape]) => [name, matrix(name, ...shape)]));
}

/**
 * @template T
 * @param {number} count
 * @param {() => T} make
 */
function times(count, make) {
  return Array.from({ length: count }, make);
}
