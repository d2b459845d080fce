/** What every model has that reads a document token by token. */

/** @typedef {import("./tree.js").Nodes} Nodes */
/** @typedef {import("./value.js").Value} Value */

/** A model reading one document. What it computed on the way is kept by name. */
export class Reader {
  /**
   * @param {import("./profiles.js").Program} program
   * @param {Nodes} weights
   */
  constructor(program, weights) {
    this.program = program;
    this.weights = weights;
    /** @type {Record<string, any[]>} by name, then by position */
    this.intermediates = {};
  }

  /**
   * @abstract
   * @param {number} _token
   * @returns {Value[]} the logits of the token that follows
   */
  read(_token) {
    throw new Error("a reader must know how to read");
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
