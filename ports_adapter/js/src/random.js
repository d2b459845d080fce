/** CPython's `random` module, number for number. */

const N = 624;
const M = 397;

/** The Mersenne Twister MT19937, with the distributions that CPython builds on it. */
export class Random {
  /** @param {number} seed a whole number from 0 to 2**53 */
  constructor(seed) {
    this.state = initByArray(wordsOf(seed));
    this.index = N;
    /** @type {number | null} the second of each pair of Gaussian draws */
    this.spare = null;
  }

  /** @param {number} count of bits, from 1 to 32 */
  bits(count) {
    if (this.index === N) {
      twist(this.state);
      this.index = 0;
    }
    let word = this.state[this.index++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> (32 - count);
  }

  /** A uniform number in `[0, 1)`, of 53 bits. */
  random() {
    const high = this.bits(27);
    const low = this.bits(26);
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * @param {number} mean
   * @param {number} std
   */
  gauss(mean, std) {
    let z = this.spare;
    this.spare = null;
    if (z === null) {
      const angle = this.random() * 2 * Math.PI;
      const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
      z = Math.cos(angle) * radius;
      this.spare = Math.sin(angle) * radius;
    }
    return mean + z * std;
  }

  /** @param {number} n from 1 to 2**32 - 1 */
  below(n) {
    const bitLength = 32 - Math.clz32(n);
    let draw;
    do draw = this.bits(bitLength);
    while (draw >= n);
    return draw;
  }

  /**
   * Shuffles in place.
   *
   * @template T
   * @param {T[]} items
   * @returns {T[]}
   */
  shuffle(items) {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }
}

/**
 * The index that `random.choices` picks when its `random()` gives `uniform`.
 *
 * @param {number[]} weights with a positive sum
 * @param {number} uniform in `[0, 1)`
 */
export function choose(weights, uniform) {
  let total = 0;
  const cumulative = weights.map((weight) => (total += weight));
  const point = uniform * total;
  let low = 0;
  let high = weights.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (point < cumulative[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The 32-bit words of a whole number, the lowest first.
 *
 * @param {number} seed
 */
function wordsOf(seed) {
  return seed < 2 ** 32 ? [seed] : [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
}

/** @param {number[]} key 32-bit words */
function initByArray(key) {
  const state = initBySeed(19650218);
  let i = 1;
  for (let k = 0; k < N; k++) {
    const j = k % key.length;
    state[i] = (state[i] ^ scramble(state[i - 1], 1664525)) + key[j] + j;
    i = advance(state, i);
  }
  for (let k = 1; k < N; k++) {
    state[i] = (state[i] ^ scramble(state[i - 1], 1566083941)) - i;
    i = advance(state, i);
  }
  state[0] = 0x80000000;
  return state;
}

/** @param {number} seed */
function initBySeed(seed) {
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++) state[i] = scramble(state[i - 1], 1812433253) + i;
  return state;
}

/**
 * @param {number} word
 * @param {number} factor
 */
function scramble(word, factor) {
  return Math.imul(word ^ (word >>> 30), factor);
}

/**
 * The next index from 1 on; index 0 holds a copy of the last word for the one that follows it.
 *
 * @param {Uint32Array} state
 * @param {number} i
 */
function advance(state, i) {
  if (i + 1 < N) return i + 1;
  state[0] = state[N - 1];
  return 1;
}

/** @param {Uint32Array} state */
function twist(state) {
  for (let i = 0; i < N; i++) {
    const word = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
    state[i] = state[(i + M) % N] ^ (word >>> 1) ^ (word & 1 ? 0x9908b0df : 0);
  }
}
