//! CPython's `random` module, number for number: always in double precision, whatever the model
//! computes in, so that the stream is the same.

use std::f64::consts::TAU;

const N: usize = 624;
const M: usize = 397;

/// The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), with the distributions that
/// CPython builds on it.
pub struct Random {
    state: [u32; N],
    index: usize,
    /// The second of each pair of Gaussian draws.
    spare: Option<f64>,
}

impl Random {
    /// A generator in the state after `random.seed(seed)`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: init_by_array(&words_of(seed)), index: N, spare: None }
    }

    /// A uniform number in `[0, 1)`, of 53 bits.
    pub fn random(&mut self) -> f64 {
        let high = f64::from(self.word() >> 5);
        let low = f64::from(self.word() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// A normally distributed number, by Box and Muller's method: two draws make two of them, the
    /// second of which is kept for the next call.
    pub fn gauss(&mut self, mean: f64, std: f64) -> f64 {
        let z = self.spare.take().unwrap_or_else(|| {
            let angle = self.random() * TAU;
            let radius = (-2.0 * (1.0 - self.random()).ln()).sqrt();
            self.spare = Some(angle.sin() * radius);
            angle.cos() * radius
        });
        mean + z * std
    }

    /// Shuffles in place, from the end.
    pub fn shuffle<I>(&mut self, items: &mut [I]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// A whole number below `n`, which is not 0: as many bits as `n` has, until they fit.
    fn below(&mut self, n: usize) -> usize {
        let length = usize::BITS - n.leading_zeros();
        loop {
            let draw = self.bits(length);
            if draw < n {
                return draw;
            }
        }
    }

    /// `getrandbits`: whole words, the lowest first, and the upper bits of one more.
    fn bits(&mut self, count: u32) -> usize {
        let mut result = 0;
        for shift in (0..count).step_by(32) {
            let wanted = 32.min(count - shift);
            result |= (self.word() as usize >> (32 - wanted)) << shift;
        }
        result
    }

    /// The next 32 bits.
    fn word(&mut self) -> u32 {
        if self.index == N {
            twist(&mut self.state);
            self.index = 0;
        }
        let mut word = self.state[self.index];
        self.index += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }
}

/// The index that `random.choices` picks when its `random()` gives `uniform`: where that share of
/// the weights' sum falls among the running sums.
#[must_use]
pub fn choose(weights: impl IntoIterator<Item = f64>, uniform: f64) -> usize {
    let mut total = 0.0;
    let running = weights.into_iter().map(|weight| {
        total += weight;
        total
    });
    let sums: Vec<f64> = running.collect();
    let place = sums.partition_point(|&sum| sum <= uniform * total);
    place.min(sums.len().saturating_sub(1))
}

/// The 32-bit words of a seed, the lowest first; the upper one only if it is not 0.
#[allow(clippy::cast_possible_truncation)]
fn words_of(seed: u64) -> Vec<u32> {
    let (low, high) = (seed as u32, (seed >> 32) as u32);
    if high == 0 { vec![low] } else { vec![low, high] }
}

/// The generator's own way to take a seed of any length. (CPython uses it for short ones, too.)
#[allow(clippy::cast_possible_truncation)]
fn init_by_array(key: &[u32]) -> [u32; N] {
    let mut state = init_by_seed(19_650_218);
    let mut i = 1;
    for k in 0..N.max(key.len()) {
        let j = k % key.len();
        let mixed = state[i] ^ scramble(state[i - 1], 1_664_525);
        state[i] = mixed.wrapping_add(key[j]).wrapping_add(j as u32);
        i = advance(&mut state, i);
    }
    for _ in 1..N {
        let mixed = state[i] ^ scramble(state[i - 1], 1_566_083_941);
        state[i] = mixed.wrapping_sub(i as u32);
        i = advance(&mut state, i);
    }
    state[0] = 0x8000_0000;
    state
}

#[allow(clippy::cast_possible_truncation)]
fn init_by_seed(seed: u32) -> [u32; N] {
    let mut state = [seed; N];
    for i in 1..N {
        state[i] = scramble(state[i - 1], 1_812_433_253).wrapping_add(i as u32);
    }
    state
}

fn scramble(word: u32, factor: u32) -> u32 {
    (word ^ (word >> 30)).wrapping_mul(factor)
}

/// The next index from 1 on. Index 0 then holds a copy of the last word, for the one after it.
fn advance(state: &mut [u32; N], i: usize) -> usize {
    if i + 1 < N {
        return i + 1;
    }
    state[0] = state[N - 1];
    1
}

/// The next 624 words.
fn twist(state: &mut [u32; N]) {
    for i in 0..N {
        let word = (state[i] & 0x8000_0000) | (state[(i + 1) % N] & 0x7fff_ffff);
        let odd = if word & 1 == 1 { 0x9908_b0df } else { 0 };
        state[i] = state[(i + M) % N] ^ (word >> 1) ^ odd;
    }
}
