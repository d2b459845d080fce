"""How far an honest implementation may differ: the budget of every number, in one place.

An element's budget comes from what is exact and how far replicas spread (`golden.spread`):

    FACTOR * max(sigma, 0.58 u |truth|, 0.1 rms(sigma))

with `sigma` the root mean square error of the element and `rms(sigma)` that of its tensor,
which holds where values cancel. Honest implementations held out from the measurement reached
11.5 sigma; half of the factor is a warning, all of it a failure.

Two measured rules stand beside it, each for a single step judged from injected inputs:

- a tensor of logits, losses, gradients or moments: 64 u times its largest magnitude,
  the worst honest implementation having reached 38 u. It is a first look at the steps of a
  long stream, whose budgets are derived where they do not come within a quarter of it;
- Adam: from the magnitudes of the terms that are added, since terms may cancel. The worst
  honest implementation reached 1.6 u of the 4 u that a weight is granted, which is sharper
  than replicas are.

`u` is the unit roundoff: 2**-53 in float64, 2**-24 in float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from reference.config import Config
from reference.state import State

from .numbers import Array, as_array

Precision = Literal["float64", "float32"]

UNIT_ROUNDOFF: dict[Precision, float] = {"float64": 2.0**-53, "float32": 2.0**-24}
SMALLEST_NORMAL: dict[Precision, float] = {"float64": 2.0**-1022, "float32": 2.0**-126}

SPREAD_FACTOR = 24
ROUNDING_SHARE = 0.58
TENSOR_SHARE = 0.1

WARNING = 0.5
"""An error of this many budgets is further than any honest implementation measured."""

TENSOR_FACTOR = 64
USUAL_EXPONENT = 8.0
WEIGHT_FACTOR, UPDATE_FACTOR, M_FACTOR, V_FACTOR, RATE_FACTOR = 4, 16, 8, 32, 4


def spread_budget(truth: Any, sigma: Array, precision: Precision) -> Array:
    """The budget of each element of a tensor.

    Args:
        truth: the exact values, flat.
        sigma: how far replicas spread around them, flat.
        precision: what the port declares to compute in.
    """
    rounding = ROUNDING_SHARE * UNIT_ROUNDOFF[precision] * np.abs(truth)
    whole = TENSOR_SHARE * np.sqrt(np.mean(sigma**2)) if sigma.size else 0.0
    budget: Array = SPREAD_FACTOR * np.maximum(np.maximum(sigma, rounding), whole)
    # A tensor of zeros stays exact; any other may underflow once.
    return budget + (SMALLEST_NORMAL[precision] if budget.any() else 0.0)


def tensor_budget(truth: Any, precision: Precision, magnitude: float = 0.0) -> float:
    """The budget of every element of a tensor.

    Args:
        truth: the exact values, of any shape.
        precision: what the port declares to compute in.
        magnitude: the size of the terms that the values are made of, where they may cancel.
    """
    values = np.abs(as_array(truth))
    largest = float(values.max(initial=0.0, where=np.isfinite(values)))
    scale = max(largest, magnitude)
    # An all-zero tensor stays exact; any other may underflow once.
    floor = SMALLEST_NORMAL[precision] if scale else 0.0
    return TENSOR_FACTOR * UNIT_ROUNDOFF[precision] * scale + floor


def widening_of(exponent: float) -> float:
    """By how much an argument of `exp` of this magnitude widens a `tensor_budget`: 1 or more.

    `exp` turns an absolute error of its argument into a relative one; the rule was measured
    with logits up to about `USUAL_EXPONENT`.
    """
    return max(1.0, exponent / USUAL_EXPONENT)


@dataclass(frozen=True, slots=True)
class AdamBudget:
    """The budgets of one tensor's update, element by element, shaped like the tensor."""

    m: Array
    v: Array
    weights: Array


def adam_budget_of(
    state: State, grads: Any, name: str, config: Config, precision: Precision
) -> AdamBudget:
    """The budgets of the update of the tensor `name`, from the inputs that were injected.

    Args:
        state: before the update.
        grads: of the loss by the weights, named matrices.
        name: of the tensor.
        config: the hyperparameters.
        precision: what the port declares to compute in.
    """
    w, m, v, g = (as_array(t[name]) for t in (state.weights, state.m, state.v, grads))
    u = UNIT_ROUNDOFF[precision]
    m_terms, m_budget = _average(np.abs(m), np.abs(g), config.beta1, M_FACTOR, precision)
    v_terms, v_budget = _average(v, g * g, config.beta2, V_FACTOR, precision)
    power1, power2 = config.beta1 ** (state.step + 1), config.beta2 ** (state.step + 1)
    direction = m_terms / (1 - power1) / (np.sqrt(v_terms / (1 - power2)) + config.eps_adam)
    # A power of t factors is t roundings off, and so is what it leaves of 1.
    roundings = state.step + 2
    correction = roundings * (power1 / (1 - power1) + power2 / (1 - power2) / 2)
    update = u * (UPDATE_FACTOR + correction) * config.learning_rate_at(state.step)
    share = update + learning_rate_budget(config, precision)
    return AdamBudget(m_budget, v_budget, WEIGHT_FACTOR * u * np.abs(w) + share * direction)


def sgd_budget_of(
    state: State, grads: Any, name: str, config: Config, precision: Precision
) -> Array:
    """The budgets of the tensor `name` after a step down its gradient, from what was injected.

    One product and one difference: the same factors as Adam's, whose update is longer.
    """
    w, g = (as_array(t[name]) for t in (state.weights, grads))
    u = UNIT_ROUNDOFF[precision]
    share = u * UPDATE_FACTOR * config.learning_rate_at(state.step)
    share += learning_rate_budget(config, precision)
    return WEIGHT_FACTOR * u * np.abs(w) + share * np.abs(g)


def update_budgets(
    state: State, grads: Any, config: Config, precision: Precision
) -> dict[str, Array]:
    """The budgets of a whole update by the configuration's optimiser, by JSON Pointer.

    Counting is exact.
    """
    match config.optimizer:
        case "counting":
            return {f"/weights/{name}": np.zeros(np.shape(w)) for name, w in state.weights.items()}
        case "sgd":
            return {
                f"/weights/{name}": sgd_budget_of(state, grads, name, config, precision)
                for name in grads
            }
    budgets = {name: adam_budget_of(state, grads, name, config, precision) for name in grads}
    return {
        f"/{part}/{name}": getattr(budget, part)
        for part in ("m", "v", "weights")
        for name, budget in budgets.items()
    }


def _average(
    old: Array, new: Array, beta: float, factor: float, precision: Precision
) -> tuple[Array, Array]:
    """A moment's update from magnitudes, `beta * old + (1 - beta) * new`, and its budget."""
    u = UNIT_ROUNDOFF[precision]
    terms = beta * old + (1 - beta) * new
    budget = factor * u * terms + SMALLEST_NORMAL[precision] * (terms > 0)
    # The betas are float64; rounded to another precision, they leave that much less of 1.
    return terms, budget if precision == "float64" else budget + u * beta * new


def learning_rate_budget(config: Config, precision: Precision) -> float:
    """The budget of a step's learning rate, a difference whose terms are at most the first one.

    A cosine's argument is itself rounded, up to three times: so it is granted twice as much.
    """
    factor = RATE_FACTOR * (2 if config.schedule == "cosine" else 1)
    return factor * UNIT_ROUNDOFF[precision] * config.learning_rate
