//! The model's forward pass, token by token.

use crate::activation::Activation;
use crate::attention::attention;
use crate::config::Config;
use crate::float::Float;
use crate::layers::{linear, rmsnorm};
use crate::nodes::{BlockNodes, Nodes};
use crate::params::{BlockParams, Params};

/// The model reading one document. All nodes are kept, so the keys and values are at hand to which
/// later positions attend.
pub struct Reader<'a, T> {
    config: Config,
    weights: Params<&'a [T]>,
    nodes: Nodes<T>,
}

impl<'a, T: Float> Reader<'a, T> {
    /// A reader at the beginning of a document. `weights` are laid out by `Layout::of(config)`.
    #[must_use]
    pub fn new(config: &Config, weights: &'a [T]) -> Self {
        Self {
            config: *config,
            weights: Params::split(config, weights),
            nodes: Nodes::new(config.sizes.n_layer),
        }
    }

    /// The logits `[vocab_size]` of the token that follows this one, which stands at the next
    /// position. There must be one left in the block.
    pub fn read(&mut self, token: usize) -> Vec<T> {
        let Self { config: Config { sizes, parts }, weights, nodes } = self;
        let entrance = &mut nodes.entrance;
        let row = |matrix: &'a [T], i: usize| &matrix[i * sizes.n_embd..][..sizes.n_embd];
        let place = row(weights.wpe, entrance.embedding.count());
        let embedding = entrance.embedding.keep(add(row(weights.wte, token), place));
        let mut x = entrance.input_norm.keep(rmsnorm(&embedding));
        for (weights, nodes) in weights.blocks.iter().zip(&mut nodes.blocks) {
            x = attention_half(&x, weights, nodes, sizes.n_head);
            x = mlp_half(&x, weights, nodes, parts.activation);
        }
        nodes.logits.keep(linear(&x, weights.output()))
    }

    /// What was computed so far.
    #[must_use]
    pub fn into_nodes(self) -> Nodes<T> {
        self.nodes
    }
}

/// All nodes of a document's positions.
#[must_use]
pub fn forward<T: Float>(config: &Config, weights: &[T], tokens: &[usize]) -> Nodes<T> {
    let mut reader = Reader::new(config, weights);
    for &token in &tokens[..config.sizes.positions(tokens)] {
        reader.read(token);
    }
    reader.into_nodes()
}

/// From what comes into the layer to `attn_residual`.
fn attention_half<T: Float>(
    x: &[T],
    weights: &BlockParams<&[T]>,
    nodes: &mut BlockNodes<T>,
    n_head: usize,
) -> Vec<T> {
    let norm = nodes.attn_norm.keep(rmsnorm(x));
    let q = nodes.q.keep(linear(&norm, weights.attn_wq));
    nodes.k.keep(linear(&norm, weights.attn_wk));
    nodes.v.keep(linear(&norm, weights.attn_wv));
    let position = nodes.q.count() - 1;
    let attended = attention(&q, nodes.k.through(position), nodes.v.through(position), n_head);
    nodes.attn_scores.keep(attended.scores);
    nodes.attn_weights.keep(attended.weights);
    let heads = nodes.attn_heads.keep(attended.output);
    let out = nodes.attn_out.keep(linear(&heads, weights.attn_wo));
    nodes.attn_residual.keep(add(&out, x))
}

/// From `attn_residual` to what leaves the layer.
fn mlp_half<T: Float>(
    x: &[T],
    weights: &BlockParams<&[T]>,
    nodes: &mut BlockNodes<T>,
    activation: Activation,
) -> Vec<T> {
    let norm = nodes.mlp_norm.keep(rmsnorm(x));
    let hidden = nodes.mlp_hidden.keep(linear(&norm, weights.mlp_fc1));
    let bent = nodes.mlp_activation.keep(activation.apply(&hidden));
    let out = nodes.mlp_out.keep(linear(&bent, weights.mlp_fc2));
    nodes.mlp_residual.keep(add(&out, x))
}

fn add<T: Float>(a: &[T], b: &[T]) -> Vec<T> {
    a.iter().zip(b).map(|(&a, &b)| a + b).collect()
}
