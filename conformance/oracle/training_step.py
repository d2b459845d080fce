"""A training step's right numbers from where a port stood before it, and their budgets.

A stream has a thousand steps and half a second for them, replicas of a step take longer: so
a step is measured by rules first, and where it does not come well within these, its budgets
are derived.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, Protocol

import numpy as np

from conformance.anatomy.step_array import Order
from golden.budgets import (
    SMALLEST_NORMAL,
    TENSOR_FACTOR,
    UNIT_ROUNDOFF,
    Precision,
    adam_budget_of,
    learning_rate_budget,
    widening_of,
)
from golden.derived import budgets_of
from golden.numbers import Array
from golden.spread import model_spread
from reference.config import Config
from reference.state import State
from reference.tape.machine import FlatState, Machine

WELL_WITHIN = 0.25
"""A share of the rules' budgets that needs no second look."""

Evaluated = tuple[Array, Array, float, Array]
"""Logits `[positions][vocabulary]`, losses, their mean, and its gradients in canonical order."""

Updated = tuple[float, Array, Array, Array]
"""The learning rate, `m`, `v` and the weights."""


class Oracle(Protocol):
    """Knows the right answer to any single step; arrays are float64 in canonical order."""

    def evaluate(self, weights: Array, tokens: list[int]) -> Evaluated:
        """What the model makes of one document."""

    def adam(self, step: int, weights: Array, m: Array, v: Array, grads: Array) -> Updated:
        """The update of the 0-based `step`."""

    def budgets(self, weights: Array, tokens: list[int], precision: Precision) -> dict[str, Array]:
        """Of what `evaluate` gives, derived, flat, by JSON Pointer."""


@dataclass(frozen=True, slots=True)
class TapeOracle:
    """The canonical program at machine speed as an oracle."""

    machine: Machine

    def evaluate(self, weights: Array, tokens: list[int]) -> Evaluated:
        """What the model makes of one document."""
        found = self.machine.evaluate(weights, tokens)
        return found.logits, found.losses, found.loss, found.grads

    def adam(self, step: int, weights: Array, m: Array, v: Array, grads: Array) -> Updated:
        """The update of the 0-based `step`."""
        after, rate = self.machine.update(FlatState(step, weights, m, v), grads)
        return rate, after.m, after.v, after.weights

    def budgets(self, weights: Array, tokens: list[int], precision: Precision) -> dict[str, Array]:
        """Of what `evaluate` gives, derived, flat, by JSON Pointer."""
        config, vocab_size = self.machine.config, self.machine.vocab_size
        return budgets_of(model_spread(config, vocab_size, weights, tokens, precision), precision)


class OptimizerState(NamedTuple):
    """A training state between two steps, flat."""

    m: Array
    v: Array
    weights: Array


class StepInput(NamedTuple):
    """What a step starts from: its 0-based number, its tokens as far as they are used, the state.

    `own` are the gradients that the port reported, from which its update follows.
    """

    number: int
    tokens: list[int]
    before: OptimizerState
    own: Array | None


class StepAnswer(NamedTuple):
    """A step's right numbers as far as they are known, each with its budget."""

    numbers: Array
    budgets: Array


@dataclass(frozen=True)
class StepAnswers:
    """What is right for single steps of one training, by an oracle."""

    oracle: Oracle
    order: Order
    config: Config
    precision: Precision

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")  # asked for below
    def by_rule(self, step_input: StepInput) -> StepAnswer:
        """Up to the gradients, and the update if the port's own gradients allow for one.

        Raises:
            ArithmeticError: there is no right answer, or no budget, in finite numbers.
            ValueError: likewise.
        """
        number, tokens, before, own = step_input
        # A moment a rounding error below 0 has been judged; no root can be step_input of it.
        m, v, weights = before._replace(v=np.maximum(before.v, 0))
        logits, losses, loss, grads = self.oracle.evaluate(weights, tokens)
        evaluated = np.concatenate((logits.ravel(), losses, (loss,), grads))
        numbers = [evaluated]
        budgets = [self.tensor_budgets(evaluated, tokens[:-1])]
        if own is not None and np.isfinite(own).all():
            rate, *after = self.oracle.adam(number, weights, m, v, own)
            state = State(number, _whole(weights), _whole(m), _whole(v))
            budget = adam_budget_of(state, _whole(own), "", self.config, self.precision)
            rate_budget = np.array([learning_rate_budget(self.config, self.precision)])
            allowed = [rate_budget, budget.m, budget.v, budget.weights]
            # Gradients so wrong that nothing follows from them are all that there is to judge.
            if all(np.isfinite(part).all() for part in allowed):
                numbers += [np.array([rate]), *after]
                budgets += allowed
        right = StepAnswer(np.concatenate(numbers), np.concatenate(budgets))
        if not np.isfinite(right.budgets).all():
            raise ArithmeticError("the right numbers are not finite")
        return right

    def derived(self, step_input: StepInput, right: StepAnswer) -> StepAnswer:
        """The same numbers; the budgets up to the gradients are derived, where that is possible."""
        try:
            found = self.oracle.budgets(
                step_input.before.weights, step_input.tokens, self.precision
            )
        except (ArithmeticError, ValueError):
            return right
        grads = np.concatenate([found[f"/grads/{name}"] for name in self.order.shapes])
        self._clear_unused(grads, step_input.tokens[:-1])
        evaluated = np.concatenate([found["/logits"], found["/losses"], found["/loss"], grads])
        budgets = right.budgets.copy()
        budgets[: evaluated.size] = evaluated
        return right._replace(budgets=budgets) if np.isfinite(budgets).all() else right

    def tensor_budgets(self, evaluated: Array, inputs: list[int]) -> Array:
        """A `tensor_budget` for the logits, the losses, the loss and each tensor of gradients.

        They are exactly 0 where a row of the embeddings is unused.
        """
        order, positions = self.order, len(inputs)
        logits = evaluated.size - order.size - positions - 1
        sizes = [logits, positions, 1, *order.sizes]
        starts = [0, *accumulate(sizes[:-1])]
        largest = np.maximum.reduceat(np.abs(evaluated), starts)
        wide = widening_of(float(largest[0]))
        floor = SMALLEST_NORMAL[self.precision] * (largest > 0)
        each = wide * (TENSOR_FACTOR * UNIT_ROUNDOFF[self.precision] * largest + floor)
        budgets: Array = np.repeat(each, sizes)
        self._clear_unused(budgets[-order.size :], inputs)
        return budgets

    def _clear_unused(self, budgets: Array, inputs: list[int]) -> None:
        """Rows of the embeddings that a document does not use have a gradient of exactly 0."""
        order = self.order
        order.view(budgets, "wpe")[len(inputs) :] = 0
        if "lm_head" in order.shapes:  # or else tokens' embeddings are the output's weights, too
            tokens = order.view(budgets, "wte")
            tokens[sorted(set(range(len(tokens))).difference(inputs))] = 0


def _whole(array: Array) -> dict[str, list[list[float]]]:
    """A whole model in one tensor, for what treats all elements alike."""
    whole: dict[str, list[list[float]]] = {"": array}  # type: ignore[dict-item]
    return whole
