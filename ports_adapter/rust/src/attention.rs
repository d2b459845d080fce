//! Multi-head attention and its vector-Jacobian product, derived by hand.
//!
//! One query asks all positions up to its own. Heads are contiguous slices of the embedding. The
//! letters: `t` a position that is seen, `h` the head, `d` the place within it.

use crate::float::{Float, add_scaled, dot};
use crate::layers::{softmax, softmax_vjp};

/// Attention's nodes.
pub struct Attention<T> {
    /// `[n_head][positions]`: query times key, divided by the root of a head's size.
    pub scores: Vec<T>,
    /// `[n_head][positions]`: the softmax of each head's scores.
    pub weights: Vec<T>,
    /// `[n_embd]`: the weighted sums of values, head by head.
    pub output: Vec<T>,
}

/// `softmax(q . k / sqrt(head_dim))` of `v`, head by head.
///
/// `q` is `[n_embd]`, a multiple of `n_head`; `k` and `v` are `[positions][n_embd]`.
pub fn attention<T: Float>(q: &[T], k: &[T], v: &[T], n_head: usize) -> Attention<T> {
    let heads = Heads::of(q, n_head);
    let positions = k.len() / q.len();
    let mut scores = Vec::with_capacity(n_head * positions);
    let mut weights = Vec::with_capacity(n_head * positions);
    let mut output = vec![T::ZERO; q.len()];
    for h in 0..n_head {
        let start = scores.len();
        scores.extend((0..positions).map(|t| heads.score(heads.at(0, h, q), heads.at(t, h, k))));
        weights.extend(softmax(&scores[start..]));
        for (t, &weight) in weights[start..].iter().enumerate() {
            add_scaled(heads.at_mut(0, h, &mut output), weight, heads.at(t, h, v));
        }
    }
    Attention { scores, weights, output }
}

/// What came into attention, and the weights that it computed.
pub struct Attended<'a, T> {
    /// `[n_embd]`.
    pub q: &'a [T],
    /// `[positions][n_embd]`.
    pub k: &'a [T],
    /// `[positions][n_embd]`.
    pub v: &'a [T],
    /// `[n_head][positions]`.
    pub weights: &'a [T],
}

/// Gradients by attention's inputs and by its inner nodes; each is added to.
pub struct AttentionGrads<'a, T> {
    /// `[n_embd]`.
    pub q: &'a mut [T],
    /// `[positions][n_embd]`.
    pub k: &'a mut [T],
    /// `[positions][n_embd]`.
    pub v: &'a mut [T],
    /// `[n_head][positions]`.
    pub scores: &'a mut [T],
    /// `[n_head][positions]`.
    pub weights: &'a mut [T],
}

/// Gradients, from `y[h] = sum_t a[h][t] v[t][h]` and `s[h][t] = q[h] . k[t][h] / sqrt(head_dim)`.
///
/// - `dL/da[h][t] = dL/dy[h] . v[t][h]` and `dL/dv[t][h] = a[h][t] dL/dy[h]`
/// - `dL/ds` is `softmax_vjp` of `dL/da`, head by head
/// - `dL/dq[h] = sum_t dL/ds[h][t] k[t][h] / sqrt(head_dim)`
/// - `dL/dk[t][h] = dL/ds[h][t] q[h] / sqrt(head_dim)`
pub fn attention_vjp<T: Float>(
    nodes: &Attended<'_, T>,
    n_head: usize,
    output_grad: &[T],
    grads: &mut AttentionGrads<'_, T>,
) {
    let heads = Heads::of(nodes.q, n_head);
    let positions = nodes.k.len() / nodes.q.len();
    for h in 0..n_head {
        let row = h * positions..(h + 1) * positions;
        let weights = &nodes.weights[row.clone()];
        let weights_grad = &mut grads.weights[row.clone()];
        let scores_grad = &mut grads.scores[row];
        let head_grad = heads.at(0, h, output_grad);
        for t in 0..positions {
            weights_grad[t] += dot(head_grad, heads.at(t, h, nodes.v));
            add_scaled(heads.at_mut(t, h, grads.v), weights[t], head_grad);
        }
        softmax_vjp(weights, weights_grad, scores_grad);
        for (t, &gradient) in scores_grad.iter().enumerate() {
            let product_grad = gradient * heads.scale;
            add_scaled(heads.at_mut(0, h, grads.q), product_grad, heads.at(t, h, nodes.k));
            add_scaled(heads.at_mut(t, h, grads.k), product_grad, heads.at(0, h, nodes.q));
        }
    }
}

/// How vectors are cut into heads.
struct Heads<T> {
    n_embd: usize,
    head_dim: usize,
    /// `1 / sqrt(head_dim)`.
    scale: T,
}

impl<T: Float> Heads<T> {
    fn of(q: &[T], n_head: usize) -> Self {
        let head_dim = q.len() / n_head;
        Self { n_embd: q.len(), head_dim, scale: T::count(head_dim).sqrt().recip() }
    }

    fn score(&self, query: &[T], key: &[T]) -> T {
        dot(query, key) * self.scale
    }

    /// Head `h` of position `t`, of `[positions][n_embd]`.
    fn at<'a>(&self, t: usize, h: usize, rows: &'a [T]) -> &'a [T] {
        &rows[self.range(t, h)]
    }

    fn at_mut<'a>(&self, t: usize, h: usize, rows: &'a mut [T]) -> &'a mut [T] {
        &mut rows[self.range(t, h)]
    }

    fn range(&self, t: usize, h: usize) -> std::ops::Range<usize> {
        let start = t * self.n_embd + h * self.head_dim;
        start..start + self.head_dim
    }
}
