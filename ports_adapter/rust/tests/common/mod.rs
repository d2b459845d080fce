//! What several tests need.

use microgpt::params::Sizes;
use microgpt::random::Random;

/// A model that is small but lacks nothing: two layers, two heads, a block that documents overrun.
pub const SIZES: Sizes = Sizes { vocab_size: 5, n_embd: 6, n_head: 2, n_layer: 2, block_size: 4 };

/// Longer than the block, with a token that is read twice.
pub const DOCUMENT: [usize; 7] = [4, 0, 2, 0, 1, 3, 4];

/// Normal numbers.
pub fn numbers(random: &mut Random, count: usize) -> Vec<f64> {
    (0..count).map(|_| random.gauss(0.0, 1.0)).collect()
}
