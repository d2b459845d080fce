/** The perceptron on the current token alone. */

import { ACTIVATIONS } from "./activations.js";
import { mlp } from "./layers.js";
import { Reader } from "./reader.js";

/** Reads each token as if it were the first. */
export class TokenMlp extends Reader {
  /**
   * @param {number} token
   * @returns {import("./value.js").Value[]} the logits of the token that follows
   */
  read(token) {
    const { wte, mlp_fc1, mlp_fc2 } = this.weights;
    const activate = ACTIVATIONS[this.program.activation];
    const { hidden, activation, output } = mlp(wte[token], mlp_fc1, mlp_fc2, activate);
    this.keep("mlp_hidden", hidden);
    this.keep("mlp_activation", activation);
    return this.keep("logits", output);
  }
}
