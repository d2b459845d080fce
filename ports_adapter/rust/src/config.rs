//! What a model is, besides its weights.

use crate::profile::Parts;

/// A model's shape and parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Its shape.
    pub sizes: Sizes,
    /// What it is composed of.
    pub parts: Parts,
}

/// The model's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// How many tokens there are, special ones included.
    pub vocab_size: usize,
    /// The length of the vectors that the model works with; a multiple of `n_head`.
    pub n_embd: usize,
    /// How many heads attention has.
    pub n_head: usize,
    /// How many blocks there are.
    pub n_layer: usize,
    /// How many positions there are.
    pub block_size: usize,
}

impl Sizes {
    /// How many tokens of a document are read: all but the last, within the block.
    #[must_use]
    pub fn positions(&self, tokens: &[usize]) -> usize {
        self.block_size.min(tokens.len().saturating_sub(1))
    }
}
