"""Where the model's rounding errors outgrow its results, and by how much.

Two places need more than a multiple of a tensor's largest element, until budgets are
derived element by element:

- the gradient of softmax is a difference, `w_t (g_t - sum_s w_s g_s)`, which may vanish
  (for a single position it is exactly 0) while its terms do not;
- `exp` turns an absolute error of its argument into a relative one, so that a score or
  logit of magnitude x multiplies relative errors by x.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from golden.numbers import Array, as_array
from reference.config import Config
from reference.training import Evaluation

from .quantity import flat

USUAL_EXPONENT = 8.0
"""The measured budgets cover scores and logits up to about this magnitude."""


def widening(evaluation: Evaluation, config: Config) -> float:
    """By how much larger exponents than the usual ones widen every budget: 1 or more."""
    exponents = [evaluation.logits] + [
        evaluation.intermediates[f"layer{layer}.attn_scores"] for layer in range(config.n_layer)
    ]
    return widening_of(max(float(np.abs(flat(e)).max()) for e in exponents))


def widening_of(exponent: float) -> float:
    """By how much an argument of `exp` of this magnitude widens budgets: 1 or more."""
    return max(1.0, exponent / USUAL_EXPONENT)


def attention_magnitudes(evaluation: Evaluation, config: Config) -> dict[str, float]:
    """The largest terms that the gradients behind each softmax of attention are made of.

    By name, of the intermediates `attn_scores`, `q` and `k` and of the weights `attn_wq`
    and `attn_wk`.
    """
    magnitudes: dict[str, float] = {}
    for layer in range(config.n_layer):
        at = f"layer{layer}."
        seen = evaluation.intermediates
        q, k, x = (as_array(seen[at + name]) for name in ("q", "k", "attn_norm"))
        scores = _score_terms(
            seen[at + "attn_weights"],
            evaluation.intermediate_grads[at + "attn_weights"],
            len(q),
        )
        # Each head's terms for each of its dimensions: [position][key][n_embd].
        spread = np.repeat(scores, config.head_dim, axis=2) / config.head_dim**0.5
        q_terms = np.einsum("pte,te->pe", spread, np.abs(k))
        k_terms = np.einsum("pte,pe->te", spread, np.abs(q))
        magnitudes[at + "attn_scores"] = float(scores.max())
        magnitudes[at + "q"] = float(q_terms.max())
        magnitudes[at + "k"] = float(k_terms.max())
        magnitudes[at + "attn_wq"] = float((q_terms.T @ np.abs(x)).max())
        magnitudes[at + "attn_wk"] = float((k_terms.T @ np.abs(x)).max())
    return magnitudes


def _score_terms(weights: Any, gradients: Any, positions: int) -> Array:
    """`w_t (|g_t| + sum_s |w_s g_s|)`, as `[position][key][head]`, 0 for keys not seen."""
    terms = np.zeros((positions, positions, len(weights[0])))
    for position, (of_heads, grads) in enumerate(zip(weights, gradients, strict=True)):
        w, g = np.asarray(of_heads).T, np.abs(np.asarray(grads)).T
        terms[position, : position + 1] = w * (g + (w * g).sum(axis=0))
    return terms
