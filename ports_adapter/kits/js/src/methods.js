/** What the port offers: a method is a function from params to a result. */

import { INVALID_PARAMS, RpcError } from "./errors.js";
import { documentsOf, Tokenizer } from "./tokenizer.js";

/**
 * `onStep` is for `train` and `replicate` alone: it announces a step while they run.
 *
 * @typedef {(params: any, onStep: (event: object) => void) => object} Method
 */

/** @type {Record<string, Method>} */
const methods = {
  /** Who the port is, and what it offers. */
  initialize() {
    return {
      protocol_version: 1,
      name: "my port",
      language: "JavaScript",
      precision: "float64",
      methods: [...METHODS.keys()],
      profiles: ["microgpt"],
    };
  },

  /** A corpus into tokens. */
  tokenize({ text }) {
    demand(typeof text === "string", "text must be a string");
    const documents = documentsOf(text);
    const tokenizer = new Tokenizer(documents);
    return {
      characters: tokenizer.characters,
      vocab_size: tokenizer.vocabularySize,
      tokens: documents.map((document) => tokenizer.encode(document)),
    };
  },

  // The next method goes here.

  /** Goodbye: the server ends after this answer. */
  shutdown() {
    return {};
  },
};

/** The methods by name. */
export const METHODS = new Map(Object.entries(methods));

/**
 * @param {boolean} right
 * @param {string} message what the params must be
 */
function demand(right, message) {
  if (!right) throw new RpcError(INVALID_PARAMS, message);
}
