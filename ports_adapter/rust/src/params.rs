//! The model's weights: their names, shapes and order.
//!
//! All weights lie in one vector, matrix after matrix and row after row, and so do gradients and
//! Adam's moments. [`Layout`] says what is where; [`Params`] gives each part a name in the code.

use std::mem;

use crate::config::{Config, Sizes};

/// One of something for every weight matrix: a slice of numbers, or of gradients to add to.
pub struct Params<S> {
    /// `[vocab_size][n_embd]`: the tokens' embeddings.
    pub wte: S,
    /// `[block_size][n_embd]`: the positions' embeddings.
    pub wpe: S,
    /// `[vocab_size][n_embd]`: from the last vector to logits, unless `wte` does that.
    pub lm_head: Option<S>,
    /// Each layer's own.
    pub blocks: Vec<BlockParams<S>>,
}

/// The same for one layer.
pub struct BlockParams<S> {
    /// `[n_embd][n_embd]`: to queries.
    pub attn_wq: S,
    /// `[n_embd][n_embd]`: to keys.
    pub attn_wk: S,
    /// `[n_embd][n_embd]`: to values.
    pub attn_wv: S,
    /// `[n_embd][n_embd]`: from the heads' outputs.
    pub attn_wo: S,
    /// `[4 n_embd][n_embd]`: the perceptron's first half.
    pub mlp_fc1: S,
    /// `[n_embd][4 n_embd]`: the perceptron's second half.
    pub mlp_fc2: S,
}

impl<S> Params<S> {
    /// Makes one for every matrix, in the order in which the program draws them.
    ///
    /// `make` is told the layer, if it has one, the name, and the numbers of rows and columns.
    fn build(config: &Config, mut make: impl FnMut(Option<usize>, &str, [usize; 2]) -> S) -> Self {
        let Sizes { vocab_size, n_embd, block_size, n_layer, .. } = config.sizes;
        let untied = !config.parts.tied;
        Self {
            wte: make(None, "wte", [vocab_size, n_embd]),
            wpe: make(None, "wpe", [block_size, n_embd]),
            lm_head: untied.then(|| make(None, "lm_head", [vocab_size, n_embd])),
            blocks: (0..n_layer)
                .map(|layer| BlockParams {
                    attn_wq: make(Some(layer), "attn_wq", [n_embd, n_embd]),
                    attn_wk: make(Some(layer), "attn_wk", [n_embd, n_embd]),
                    attn_wv: make(Some(layer), "attn_wv", [n_embd, n_embd]),
                    attn_wo: make(Some(layer), "attn_wo", [n_embd, n_embd]),
                    mlp_fc1: make(Some(layer), "mlp_fc1", [4 * n_embd, n_embd]),
                    mlp_fc2: make(Some(layer), "mlp_fc2", [n_embd, 4 * n_embd]),
                })
                .collect(),
        }
    }

    /// What makes the logits: `lm_head`, or the embedding to which they are tied.
    pub fn output(&self) -> &S {
        self.lm_head.as_ref().unwrap_or(&self.wte)
    }

    /// The same, to be written to.
    pub fn output_mut(&mut self) -> &mut S {
        self.lm_head.as_mut().unwrap_or(&mut self.wte)
    }
}

impl<'a, T> Params<&'a [T]> {
    /// Names the parts of a vector that is laid out by `Layout::of(config)`.
    #[must_use]
    pub fn split(config: &Config, mut numbers: &'a [T]) -> Self {
        Params::build(config, |_, _, [rows, columns]| {
            let (matrix, rest) = numbers.split_at(rows * columns);
            numbers = rest;
            matrix
        })
    }
}

impl<'a, T> Params<&'a mut [T]> {
    /// The same, to be written to.
    #[must_use]
    pub fn split_mut(config: &Config, mut numbers: &'a mut [T]) -> Self {
        Params::build(config, |_, _, [rows, columns]| {
            let (matrix, rest) = mem::take(&mut numbers).split_at_mut(rows * columns);
            numbers = rest;
            matrix
        })
    }
}

/// The name and the shape of a matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// As PyTorch's `state_dict` has it: `layer0.attn_wq`.
    pub name: String,
    /// How many rows, and how many columns.
    pub shape: [usize; 2],
}

impl Tensor {
    /// Whether it is the last of a residual branch, whose output is added to what came in.
    #[must_use]
    pub fn ends_branch(&self) -> bool {
        self.name.ends_with(".attn_wo") || self.name.ends_with(".mlp_fc2")
    }

    /// How many numbers it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.shape[0] * self.shape[1]
    }
}

/// Matrices that lie in one vector one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(pub Vec<Tensor>);

impl Layout {
    /// The layout of a model's weights.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let mut tensors = Vec::new();
        Params::build(config, |layer, name, shape| {
            let prefix = layer.map_or(String::new(), |layer| format!("layer{layer}."));
            tensors.push(Tensor { name: prefix + name, shape });
        });
        Self(tensors)
    }

    /// How many numbers there are in all.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.iter().map(Tensor::size).sum()
    }
}
