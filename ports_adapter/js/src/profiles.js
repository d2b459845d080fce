/** Profiles: the published programs, each as what it changes of another. */

import { ADAM } from "./adam.js";
import { COUNTS, LAYERS, ONE_HEAD, TIED_LAYERS, TOKEN_MLP } from "./architectures.js";
import { AUTOGRAD } from "./autograd.js";
import { BY_HAND } from "./by-hand.js";
import { COUNTER, COUNTING } from "./counting.js";
import { normal, quietResiduals, zero } from "./initial.js";
import { cosine, linear } from "./schedules.js";
import { SGD } from "./sgd.js";
import { BOS_ALONE, BOS_AND_EOS } from "./tokenizer.js";

/**
 * What a program is composed of.
 *
 * @typedef {object} Profile
 * @property {import("./tokenizer.js").SpecialTokens} specialTokens
 * @property {import("./architectures.js").Architecture} architecture
 * @property {import("./initial.js").Initial} initial
 * @property {keyof typeof import("./activations.js").ACTIVATIONS} activation
 * @property {import("./learning.js").Learning} learning
 * @property {import("./training.js").Optimizer} optimizer
 * @property {import("./schedules.js").Schedule} schedule
 */
/** @typedef {Profile & {sizes: import("./architectures.js").Sizes}} Program a profile with sizes */

/** @type {Profile} */
const microgpt = {
  specialTokens: BOS_ALONE,
  architecture: LAYERS,
  initial: normal,
  activation: "relu",
  learning: AUTOGRAD,
  optimizer: ADAM,
  schedule: linear,
};

const train5 = { ...microgpt };
const train4 = { ...train5, optimizer: SGD };
const train3 = { ...train4, architecture: ONE_HEAD };
const train2 = { ...train3, architecture: TOKEN_MLP };
const train1 = { ...train2, learning: BY_HAND };
const train0 = {
  ...train2,
  architecture: COUNTS,
  initial: zero,
  learning: COUNTING,
  optimizer: COUNTER,
};

const early = {
  ...microgpt,
  initial: quietResiduals,
  activation: "squared_relu",
  schedule: cosine,
};
const first = { ...early, specialTokens: BOS_AND_EOS, architecture: TIED_LAYERS };

/**
 * The profiles by name.
 *
 * @type {Readonly<Record<string, Readonly<Profile>>>}
 */
export const PROFILES = frozen({
  train0,
  train1,
  train2,
  train3,
  train4,
  train5,
  "first-revision": first,
  "early-revision": early,
  microgpt,
});

/**
 * The program that a question is about.
 *
 * @param {{profile: string, sizes: Program["sizes"], activation?: Profile["activation"]}} question
 * @returns {Program}
 */
export function programOf({ profile, sizes, activation = PROFILES[profile].activation }) {
  return { ...PROFILES[profile], sizes, activation };
}

/** @param {Record<string, Profile>} profiles */
function frozen(profiles) {
  Object.values(profiles).forEach(Object.freeze);
  return Object.freeze(profiles);
}
