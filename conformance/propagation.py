"""How far several training steps may carry rounding errors: budgets, step after step.

An error of a gradient moves a weight by what Adam makes of it. Where a weight's gradients
are tiny, its update is about `lr * g / (|g| + eps)`, and a rounding error of `g` moves the
weight by far more than itself; from the next step on, that weight moves other gradients.
Training does not amplify this further (it is not chaotic), so one such round is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from golden.budgets import (
    TENSOR_FACTOR,
    AdamBudget,
    Precision,
    adam_budget_of,
    tensor_budget,
)
from golden.numbers import Array, as_array
from reference.adam import State
from reference.config import Config
from reference.training import Step

TYPICAL_FACTOR = 4
"""Gradients were measured to stay within 4 u of their tensor's largest element."""

CURVATURE = 4.0
"""How much of the largest gradient a gradient may move by, for a weight that moves by 1."""

FREE_RUN_FACTOR = 4
"""Losses of a free run, in budgets of a single step; honest ones stayed within one."""

Errors = dict[str, AdamBudget]


def state_budgets(
    steps: Sequence[Step], start: State, config: Config, precision: Precision
) -> Errors:
    """The budgets, by tensor name, of the state after steps from an injected state."""
    typical = errors = {
        name: AdamBudget(*(np.zeros(as_array(rows).shape) for _ in range(3)))
        for name, rows in start.weights.items()
    }
    before = start
    for step in steps:
        grads = {name: as_array(rows) for name, rows in step.evaluation.grads.items()}
        budgets = {name: tensor_budget(g, precision) for name, g in grads.items()}
        moved = max(float(error.weights.max()) for error in typical.values())
        largest = max(float(np.abs(g).max()) for g in grads.values())
        passed_on = CURVATURE * largest * moved
        own = {
            name: adam_budget_of(before, step.evaluation.grads, name, config, precision)
            for name in grads
        }
        typical = {
            name: _after_update(
                typical[name], budgets[name] * TYPICAL_FACTOR / TENSOR_FACTOR, own[name],
                step, name, config,
            )
            for name in grads
        }  # fmt: skip
        errors = {
            name: _after_update(
                errors[name], budgets[name] + passed_on, own[name], step, name, config
            )
            for name in grads
        }
        before = step.state
    return errors


def _after_update(
    before: AdamBudget, grad_error: float, own: AdamBudget, step: Step, name: str, config: Config
) -> AdamBudget:
    """The errors after an update, from those before it, of the gradient, and its own."""
    g, m, v = (as_array(t[name]) for t in (step.evaluation.grads, step.state.m, step.state.v))
    # A weight that never had a gradient, like an unused row, cannot have got an error.
    g_error: Array = np.where(v > 0, grad_error, 0.0)
    m_error = config.beta1 * before.m + (1 - config.beta1) * g_error + own.m
    square_error = (2 * np.abs(g) + g_error) * g_error
    v_error = config.beta2 * before.v + (1 - config.beta2) * square_error + own.v
    correction1 = 1 - config.beta1 ** (step.index + 1)
    correction2 = 1 - config.beta2 ** (step.index + 1)
    root = np.sqrt(v / correction2)
    # By its slope, a root moves by this; by no more, however small it is, than an error's own.
    with np.errstate(divide="ignore", invalid="ignore"):
        by_slope = np.where(root > 0, v_error / correction2 / (2 * root), 0.0)
    root_error = np.minimum(by_slope, np.sqrt(v_error / correction2))
    below = root + config.eps_adam
    update_error = m_error / correction1 / below + np.abs(m) / correction1 * root_error / below**2
    # An update is at most about `lr`, and so is twice that any error of it.
    moved = step.learning_rate * np.minimum(update_error, 2.0)
    return AdamBudget(m_error, v_error, before.weights + own.weights + moved)


def loss_budgets(losses: Sequence[float], precision: Precision) -> list[float]:
    """The budgets of the losses of consecutive steps."""
    return [FREE_RUN_FACTOR * tensor_budget(loss, precision) for loss in losses]
