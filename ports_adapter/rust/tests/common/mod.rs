//! What several tests need.

use microgpt::config::{Config, Sizes};
use microgpt::profile::{FIRST_REVISION, MICROGPT};
use microgpt::random::Random;

/// A model that is small but lacks nothing: two layers, two heads, a block that documents overrun.
pub const SIZES: Sizes = Sizes { vocab_size: 5, n_embd: 6, n_head: 2, n_layer: 2, block_size: 4 };

/// The final program's.
pub const CONFIG: Config = Config { sizes: SIZES, parts: MICROGPT };

/// The first revision's.
pub const FIRST: Config = Config { sizes: SIZES, parts: FIRST_REVISION };

/// Longer than the block, with a token that is read twice.
pub const DOCUMENT: [usize; 7] = [4, 0, 2, 0, 1, 3, 4];

/// Normal numbers.
pub fn numbers(random: &mut Random, count: usize) -> Vec<f64> {
    (0..count).map(|_| random.gauss(0.0, 1.0)).collect()
}
