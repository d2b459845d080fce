"""Budgets: how far the numbers of an honest implementation may differ from the exact ones.

The budget of an element follows from the exact value and the spread of replicas
(`golden.spread`):

    SPREAD_FACTOR * max(sigma, 0.58 u |truth|, 0.1 rms(sigma))

`u` is the unit roundoff: 2**-53 in float64, 2**-24 in float32. `sigma` is the root mean square
error of the element, `rms(sigma)` that of its tensor, which decides where values cancel. Honest
implementations that were not used to choose the factor reached 11.5 sigma. An error of half
the budget is a warning, an error beyond the budget a failure.

Two rules, also measured, give budgets for a single step from given inputs:

- A tensor of logits, losses, gradients or moments: 64 u times its largest magnitude; the worst
  honest implementation reached 38 u. In long streams this rule comes first, and budgets are
  derived only for steps whose errors exceed a quarter of it.
- An update by Adam: a multiple of u times the magnitudes of the added terms, since terms may
  cancel. The worst honest implementation reached 1.6 u of the 4 u allowed for a weight, which
  is sharper than replicas are.
"""

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
"""No honest implementation that was measured had an error of this many budgets."""

TENSOR_FACTOR = 64
USUAL_EXPONENT = 8.0
WEIGHT_FACTOR, UPDATE_FACTOR, M_FACTOR, V_FACTOR, RATE_FACTOR = 4, 16, 8, 32, 4


def spread_budget(truth: Any, sigma: Array, precision: Precision) -> Array:
    """The budget of each element of a tensor.

    Args:
        truth: the exact values, flat.
        sigma: the root mean square errors of the replicas, flat.
        precision: the precision that the port declares.
    """
    rounding = ROUNDING_SHARE * UNIT_ROUNDOFF[precision] * np.abs(truth)
    whole = TENSOR_SHARE * np.sqrt(np.mean(sigma**2)) if sigma.size else 0.0
    budget: Array = SPREAD_FACTOR * np.maximum(np.maximum(sigma, rounding), whole)
    # A tensor of zeros stays exact; any other may underflow once.
    return budget + (SMALLEST_NORMAL[precision] if budget.any() else 0.0)


def tensor_budget(truth: Any, precision: Precision, magnitude: float = 0.0) -> float:
    """The budget of every element of a tensor, by the rule for single steps.

    Args:
        truth: the exact values, of any shape.
        precision: the precision that the port declares.
        magnitude: the size of the terms that the values are sums of, if these may cancel.
    """
    values = np.abs(as_array(truth))
    largest = float(values.max(initial=0.0, where=np.isfinite(values)))
    scale = max(largest, magnitude)
    # An all-zero tensor stays exact; any other may underflow once.
    floor = SMALLEST_NORMAL[precision] if scale else 0.0
    return TENSOR_FACTOR * UNIT_ROUNDOFF[precision] * scale + floor


def widening_of(exponent: float) -> float:
    """The factor, 1 or more, by which large logits widen a `tensor_budget`.

    `exp` turns an absolute error of its argument into a relative error of its result. The rule
    was measured with logits up to about `USUAL_EXPONENT`.
    """
    return max(1.0, exponent / USUAL_EXPONENT)


@dataclass(frozen=True, slots=True)
class AdamBudget:
    """The budgets of one tensor's update by Adam; the arrays are shaped like the tensor."""

    m: Array
    v: Array
    weights: Array


def adam_budget_of(
    state: State, grads: Any, name: str, config: Config, precision: Precision
) -> AdamBudget:
    """The budgets of a tensor's update by Adam from given inputs.

    Args:
        state: the state before the update.
        grads: the gradients, as named matrices.
        name: the name of the tensor.
        config: the hyperparameters.
        precision: the precision that the port declares.
    """
    w, m, v, g = (as_array(t[name]) for t in (state.weights, state.m, state.v, grads))
    u = UNIT_ROUNDOFF[precision]
    m_terms, m_budget = _average(np.abs(m), np.abs(g), config.beta1, M_FACTOR, precision)
    v_terms, v_budget = _average(v, g * g, config.beta2, V_FACTOR, precision)
    power1, power2 = config.beta1 ** (state.step + 1), config.beta2 ** (state.step + 1)
    direction = m_terms / (1 - power1) / (np.sqrt(v_terms / (1 - power2)) + config.eps_adam)
    # A power of t factors has t rounding errors, and so has 1 minus the power.
    roundings = state.step + 2
    correction = roundings * (power1 / (1 - power1) + power2 / (1 - power2) / 2)
    update = u * (UPDATE_FACTOR + correction) * config.learning_rate_at(state.step)
    share = update + learning_rate_budget(config, precision)
    return AdamBudget(m_budget, v_budget, WEIGHT_FACTOR * u * np.abs(w) + share * direction)


def sgd_budget_of(
    state: State, grads: Any, name: str, config: Config, precision: Precision
) -> Array:
    """The budgets of a tensor after gradient descent from given inputs.

    One product and one difference are computed. The factors of Adam, whose update is longer,
    are kept.
    """
    w, g = (as_array(t[name]) for t in (state.weights, grads))
    u = UNIT_ROUNDOFF[precision]
    share = u * UPDATE_FACTOR * config.learning_rate_at(state.step)
    share += learning_rate_budget(config, precision)
    return WEIGHT_FACTOR * u * np.abs(w) + share * np.abs(g)


def update_budgets(
    state: State, grads: Any, config: Config, precision: Precision
) -> dict[str, Array]:
    """The budgets of a whole update by the configuration's optimizer, by JSON Pointer.

    They are 0 for counting, which is exact.
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
    """The magnitude of an updated moment, `beta * old + (1 - beta) * new`, and its budget."""
    u = UNIT_ROUNDOFF[precision]
    terms = beta * old + (1 - beta) * new
    budget = factor * u * terms + SMALLEST_NORMAL[precision] * (terms > 0)
    # In single precision beta itself is rounded, and so 1 - beta has that error, too.
    return terms, budget if precision == "float64" else budget + u * beta * new


def learning_rate_budget(config: Config, precision: Precision) -> float:
    """The budget of a learning rate, a difference of terms no larger than the initial rate.

    It is doubled for a cosine, whose argument is rounded up to three times.
    """
    factor = RATE_FACTOR * (2 if config.schedule == "cosine" else 1)
    return factor * UNIT_ROUNDOFF[precision] * config.learning_rate
