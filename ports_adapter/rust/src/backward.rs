//! The model's backward pass: positions from last to first, each from its loss to its embedding.
//!
//! A position's key and value serve it and all later positions, whose gradients they gather; so
//! by the time the walk comes to a position, they lack nothing but its own share.

use crate::activation::Activation;
use crate::attention::{Attended, AttentionGrads, attention_vjp};
use crate::config::{Config, Sizes};
use crate::float::{Float, accumulate, sum};
use crate::layers::{cross_entropy, cross_entropy_vjp, linear_vjp, rmsnorm_vjp};
use crate::model::forward;
use crate::nodes::{BlockNodes, Nodes};
use crate::params::{BlockParams, Params};

/// What a document teaches.
pub struct Backward<T> {
    /// The mean of `losses`.
    pub loss: T,
    /// `[positions]`, in nats.
    pub losses: Vec<T>,
    /// What the forward pass computed.
    pub nodes: Nodes<T>,
    /// Gradients of `loss` by the weights, laid out like them.
    pub grads: Vec<T>,
    /// Gradients of `loss` by the nodes.
    pub node_grads: Nodes<T>,
}

/// The loss of predicting each next token of a document of at least two, and all its gradients.
#[must_use]
pub fn backward<T: Float>(config: &Config, weights: &[T], tokens: &[usize]) -> Backward<T> {
    let nodes = forward(config, weights, tokens);
    let inputs = &tokens[..config.sizes.positions(tokens)];
    let targets = &tokens[1..=inputs.len()];
    let share = T::count(inputs.len()).recip();
    let targeted = nodes.logits.iter().zip(targets);
    let losses: Vec<T> = targeted.map(|(row, &target)| cross_entropy(row, target)).collect();

    let mut grads = vec![T::ZERO; weights.len()];
    let mut walk = Walk {
        config,
        weights: Params::split(config, weights),
        nodes: &nodes,
        grads: Params::split_mut(config, &mut grads),
        node_grads: nodes.zeros_like(),
    };
    for position in (0..inputs.len()).rev() {
        walk.position(position, inputs[position], targets[position], share);
    }
    let node_grads = walk.node_grads;
    Backward { loss: share * sum(losses.iter().copied()), losses, nodes, grads, node_grads }
}

/// What the backward pass needs, and what it has gathered.
struct Walk<'a, T> {
    config: &'a Config,
    weights: Params<&'a [T]>,
    nodes: &'a Nodes<T>,
    grads: Params<&'a mut [T]>,
    node_grads: Nodes<T>,
}

impl<T: Float> Walk<'_, T> {
    /// From a position's loss, of which the whole loss has a `share`, back to its token.
    fn position(&mut self, p: usize, token: usize, target: usize, share: T) {
        let Sizes { n_embd, n_head, n_layer, .. } = self.config.sizes;
        let Self { nodes, grads, node_grads, .. } = self;

        let logits_grad = node_grads.logits.row_mut(p);
        cross_entropy_vjp(nodes.logits.row(p), target, share, logits_grad);
        let last = nodes.stream(n_layer).row(p);
        let mut stream = vec![T::ZERO; n_embd];
        linear_vjp(last, self.weights.output(), logits_grad, &mut stream, grads.output_mut());

        for layer in (0..n_layer).rev() {
            let mut block = BlockWalk {
                n_head,
                activation: self.config.parts.activation,
                weights: &self.weights.blocks[layer],
                nodes: &nodes.blocks[layer],
                grads: &mut grads.blocks[layer],
                node_grads: &mut node_grads.blocks[layer],
            };
            block.mlp_half(p, &mut stream);
            block.attention_half(p, nodes.stream(layer).row(p), &mut stream);
        }

        let entrance = &mut node_grads.entrance;
        entrance.input_norm.row_mut(p).copy_from_slice(&stream);
        let embedding_grad = entrance.embedding.row_mut(p);
        rmsnorm_vjp(nodes.entrance.embedding.row(p), &stream, embedding_grad);
        accumulate(&mut grads.wte[token * n_embd..][..n_embd], embedding_grad);
        accumulate(&mut grads.wpe[p * n_embd..][..n_embd], embedding_grad);
    }
}

/// One layer's part of it.
///
/// `stream` is the gradient of the residual stream. A sum hands its gradient to both terms, so
/// each half of a layer leaves in it what came down and adds what comes back from the branch.
struct BlockWalk<'a, 'w, T> {
    n_head: usize,
    activation: Activation,
    weights: &'a BlockParams<&'w [T]>,
    nodes: &'a BlockNodes<T>,
    grads: &'a mut BlockParams<&'w mut [T]>,
    node_grads: &'a mut BlockNodes<T>,
}

impl<T: Float> BlockWalk<'_, '_, T> {
    /// Back from `mlp_residual` to `attn_residual`.
    fn mlp_half(&mut self, p: usize, stream: &mut [T]) {
        let Self { activation, weights, nodes, grads, node_grads, .. } = self;
        node_grads.mlp_residual.row_mut(p).copy_from_slice(stream);
        node_grads.mlp_out.row_mut(p).copy_from_slice(stream);

        let bent_grad = node_grads.mlp_activation.row_mut(p);
        let bent = nodes.mlp_activation.row(p);
        linear_vjp(bent, weights.mlp_fc2, stream, bent_grad, grads.mlp_fc2);

        let hidden_grad = node_grads.mlp_hidden.row_mut(p);
        activation.vjp(nodes.mlp_hidden.row(p), bent_grad, hidden_grad);

        let norm_grad = node_grads.mlp_norm.row_mut(p);
        let norm = nodes.mlp_norm.row(p);
        linear_vjp(norm, weights.mlp_fc1, hidden_grad, norm_grad, grads.mlp_fc1);

        rmsnorm_vjp(nodes.attn_residual.row(p), norm_grad, stream);
        node_grads.attn_residual.row_mut(p).copy_from_slice(stream);
    }

    /// Back from `attn_residual` to `x`, which came into the layer.
    fn attention_half(&mut self, p: usize, x: &[T], stream: &mut [T]) {
        self.attention(p, stream);

        let Self { weights, nodes, grads, node_grads, .. } = self;
        let norm = nodes.attn_norm.row(p);
        let norm_grad = node_grads.attn_norm.row_mut(p);
        linear_vjp(norm, weights.attn_wq, node_grads.q.row(p), norm_grad, grads.attn_wq);
        linear_vjp(norm, weights.attn_wk, node_grads.k.row(p), norm_grad, grads.attn_wk);
        linear_vjp(norm, weights.attn_wv, node_grads.v.row(p), norm_grad, grads.attn_wv);
        rmsnorm_vjp(x, norm_grad, stream);
    }

    /// Back from `attn_residual` to query, keys and values.
    fn attention(&mut self, p: usize, stream: &[T]) {
        let Self { n_head, weights, nodes, grads, node_grads, .. } = self;
        node_grads.attn_out.row_mut(p).copy_from_slice(stream);

        let heads_grad = node_grads.attn_heads.row_mut(p);
        let heads = nodes.attn_heads.row(p);
        linear_vjp(heads, weights.attn_wo, stream, heads_grad, grads.attn_wo);

        let attended = Attended {
            q: nodes.q.row(p),
            k: nodes.k.through(p),
            v: nodes.v.through(p),
            weights: nodes.attn_weights.row(p),
        };
        let mut attention_grads = AttentionGrads {
            q: node_grads.q.row_mut(p),
            k: node_grads.k.through_mut(p),
            v: node_grads.v.through_mut(p),
            scores: node_grads.attn_scores.row_mut(p),
            weights: node_grads.attn_weights.row_mut(p),
        };
        attention_vjp(&attended, *n_head, heads_grad, &mut attention_grads);
    }
}
