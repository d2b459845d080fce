"""Causal multi-head attention and its vector-Jacobian product, derived by hand.

Heads are contiguous slices of the embedding. The letters of the sums below, and of the einsums:
`p` the position that asks, `t` a position that it sees, `h` the head, `d` the place within it.
"""

import math
from typing import NamedTuple

import numpy as np

from .array import Array
from .layers import softmax, softmax_vjp


class Attention(NamedTuple):
    """Attention's nodes: scores and weights `[p][h][t]`, output `[p][n_embd]`.

    Where `t` is not visible to `p`, the score is minus infinity and the weight 0.
    """

    scores: Array
    weights: Array
    output: Array


class AttentionGrads(NamedTuple):
    """Gradients by attention's inputs, and by its inner nodes."""

    q: Array
    k: Array
    v: Array
    scores: Array
    weights: Array


def attention(q: Array, k: Array, v: Array, n_head: int) -> Attention:
    """`softmax(q . k / sqrt(head_dim))` of `v`, head by head.

    `k` and `v` are `[T][n_embd]`; `q` is `[P][n_embd]` and asks for the last `P` of the `T`
    positions, each of which sees itself and what comes before: with `P = T` this is a whole
    document, with `P = 1` the newest token.
    """
    queries, keys, values = (_split(x, n_head) for x in (q, k, v))
    scores = np.einsum("phd,thd->pht", queries, keys) / math.sqrt(keys.shape[-1])
    visible = np.tri(len(q), len(k), len(k) - len(q), dtype=np.bool_)
    scores = np.where(visible[:, np.newaxis, :], scores, -np.inf)
    weights = softmax(scores)
    heads = np.einsum("pht,thd->phd", weights, values)
    return Attention(scores, weights, heads.reshape(q.shape))


def attention_vjp(
    q: Array, k: Array, v: Array, weights: Array, output_grad: Array
) -> AttentionGrads:
    """Gradients, from the `weights` `a[p][h][t]` that `attention` gave.

    From `y[p][h] = sum_t a[p][h][t] v[t][h]` and `s[p][h][t] = q[p][h] . k[t][h] / sqrt(d)`:

    - `dL/da[p][h][t] = dL/dy[p][h] . v[t][h]`
    - `dL/dv[t][h] = sum_p a[p][h][t] dL/dy[p][h]`: every position that sees `t` adds its share
    - `dL/ds` is `softmax_vjp` of `dL/da`; it is 0 where `a` is, so what is masked stays so
    - `dL/dq[p][h] = sum_t dL/ds[p][h][t] k[t][h] / sqrt(d)`
    - `dL/dk[t][h] = sum_p dL/ds[p][h][t] q[p][h] / sqrt(d)`
    """
    n_head = weights.shape[1]
    queries, keys, values, heads_grad = (_split(x, n_head) for x in (q, k, v, output_grad))
    weights_grad = np.einsum("phd,thd->pht", heads_grad, values)
    values_grad = np.einsum("pht,phd->thd", weights, heads_grad)
    scores_grad = softmax_vjp(weights, weights_grad)
    products_grad = scores_grad / math.sqrt(keys.shape[-1])
    queries_grad = np.einsum("pht,thd->phd", products_grad, keys)
    keys_grad = np.einsum("pht,phd->thd", products_grad, queries)
    return AttentionGrads(
        queries_grad.reshape(q.shape),
        keys_grad.reshape(k.shape),
        values_grad.reshape(v.shape),
        scores_grad,
        weights_grad,
    )


def _split(x: Array, n_head: int) -> Array:
    """Cut every row into heads: `[positions][n_embd]` to `[positions][n_head][head_dim]`."""
    return x.reshape(len(x), n_head, -1)
