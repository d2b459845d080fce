/** Small programs and their weights, for the tests. */

import { PROFILES, programOf } from "../src/profiles.js";
import { Random } from "../src/random.js";

export const sizes = { n_embd: 4, n_head: 2, n_layer: 2, block_size: 5 };

/** The profiles whose gradient can be had. */
export const DIFFERENTIABLE = Object.keys(PROFILES).filter((name) => name !== "train0");

/** A profile in a small size. */
export const small = (profile, activation) => programOf({ profile, sizes, activation });

/** Weights for a vocabulary of `size`, none of them 0. */
export function drawnWeights({ architecture }, size = 4, seed = 7) {
  const random = new Random(seed);
  const drawn = {};
  for (const [name, [rows, columns]] of Object.entries(architecture.shapes(sizes, size))) {
    drawn[name] = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => random.gauss(0, 0.4)),
    );
  }
  return drawn;
}
