"""The right numbers of one training step, from the port's own state before it, with budgets.

Deriving budgets from replicas would be too slow for the thousands of steps of a stream. So each
step is first judged by the budgets of rules, and only a step that does not lie well within
them by derived ones.
"""

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
"""Errors within this share of the rules' budgets need no derived budgets."""

Evaluated = tuple[Array, Array, float, Array]
"""Logits `[positions][vocabulary]`, losses, the mean loss, and its flat gradients."""

Updated = tuple[float, Array, Array, Array]
"""The learning rate, `m`, `v` and the weights."""


class Oracle(Protocol):
    """Gives the right numbers of single steps; arrays are flat float64, in canonical order."""

    def evaluate(self, weights: Array, tokens: list[int]) -> Evaluated:
        """The evaluation of one document."""

    def adam(self, step: int, weights: Array, m: Array, v: Array, grads: Array) -> Updated:
        """The update of the 0-based `step`, from given gradients."""

    def budgets(self, weights: Array, tokens: list[int], precision: Precision) -> dict[str, Array]:
        """The derived budgets of an evaluation, by JSON Pointer, each flat."""


@dataclass(frozen=True, slots=True)
class TapeOracle:
    """The oracle that asks the canonical program, at machine speed."""

    machine: Machine

    def evaluate(self, weights: Array, tokens: list[int]) -> Evaluated:
        """The evaluation of one document."""
        found = self.machine.evaluate(weights, tokens)
        return found.logits, found.losses, found.loss, found.grads

    def adam(self, step: int, weights: Array, m: Array, v: Array, grads: Array) -> Updated:
        """The update of the 0-based `step`, from given gradients."""
        after, rate = self.machine.update(FlatState(step, weights, m, v), grads)
        return rate, after.m, after.v, after.weights

    def budgets(self, weights: Array, tokens: list[int], precision: Precision) -> dict[str, Array]:
        """The derived budgets of an evaluation, by JSON Pointer, each flat."""
        config, vocab_size = self.machine.config, self.machine.vocab_size
        return budgets_of(model_spread(config, vocab_size, weights, tokens, precision), precision)


class OptimizerState(NamedTuple):
    """Moments and weights between two steps, each flat."""

    m: Array
    v: Array
    weights: Array


class StepInput(NamedTuple):
    """The inputs of a step, as the port reported them.

    Attributes:
        number: the 0-based number of the step.
        tokens: those that the step uses.
        before: the state before the step.
        reported_grads: the port's gradients, from which its update follows; None if it reported
            none.
    """

    number: int
    tokens: list[int]
    before: OptimizerState
    reported_grads: Array | None


class StepAnswer(NamedTuple):
    """A step's right numbers, as far as they can be known, and the budget of each."""

    numbers: Array
    budgets: Array


@dataclass(frozen=True)
class StepAnswers:
    """The right answers to single steps of one training run, by an oracle."""

    oracle: Oracle
    order: Order
    config: Config
    precision: Precision

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")  # checked below
    def by_rule(self, step_input: StepInput) -> StepAnswer:
        """The right numbers with the budgets of rules.

        They end at the gradients if no update follows from the gradients that the port reported.

        Raises:
            ArithmeticError: a right number or a budget is not finite.
            ValueError: the same, from arithmetic outside its domain.
        """
        number, tokens, before, reported = step_input
        # A second moment may lie a rounding error below 0, where it has no root.
        m, v, weights = before._replace(v=np.maximum(before.v, 0))
        logits, losses, loss, grads = self.oracle.evaluate(weights, tokens)
        evaluated = np.concatenate((logits.ravel(), losses, (loss,), grads))
        numbers = [evaluated]
        budgets = [self.tensor_budgets(evaluated, tokens[:-1])]
        if reported is not None and np.isfinite(reported).all():
            rate, *after = self.oracle.adam(number, weights, m, v, reported)
            state = State(number, _whole(weights), _whole(m), _whole(v))
            budget = adam_budget_of(state, _whole(reported), "", self.config, self.precision)
            rate_budget = np.array([learning_rate_budget(self.config, self.precision)])
            allowed = [rate_budget, budget.m, budget.v, budget.weights]
            # From wildly wrong gradients nothing finite follows, and only they are judged.
            if all(np.isfinite(part).all() for part in allowed):
                numbers += [np.array([rate]), *after]
                budgets += allowed
        right = StepAnswer(np.concatenate(numbers), np.concatenate(budgets))
        if not np.isfinite(right.budgets).all():
            raise ArithmeticError("the right numbers are not finite")
        return right

    def derived(self, step_input: StepInput, right: StepAnswer) -> StepAnswer:
        """The same numbers, with derived budgets up to the gradients if these can be derived."""
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
        """The rule's budgets of logits, losses, mean loss and gradients, one rule a tensor.

        The gradients of unused rows of the embeddings have budget 0.
        """
        order, positions = self.order, len(inputs)
        logits = evaluated.size - order.size - positions - 1
        sizes = [logits, positions, 1, *order.sizes]
        starts = [0, *accumulate(sizes[:-1])]
        largest = np.maximum.reduceat(np.abs(evaluated), starts)
        widening = widening_of(float(largest[0]))
        floor = SMALLEST_NORMAL[self.precision] * (largest > 0)
        by_tensor = widening * (TENSOR_FACTOR * UNIT_ROUNDOFF[self.precision] * largest + floor)
        budgets: Array = np.repeat(by_tensor, sizes)
        self._clear_unused(budgets[-order.size :], inputs)
        return budgets

    def _clear_unused(self, budgets: Array, inputs: list[int]) -> None:
        """Set the budgets to 0 for rows of the embeddings that a document does not use."""
        views = self.order.views(budgets)
        views["wpe"][len(inputs) :] = 0
        if "lm_head" in views:  # else wte is the output projection, too
            unused = set(range(len(views["wte"]))).difference(inputs)
            views["wte"][sorted(unused)] = 0


def _whole(array: Array) -> dict[str, list[list[float]]]:
    """A whole model as one tensor, for functions that treat all elements alike."""
    whole: dict[str, list[list[float]]] = {"": array}  # type: ignore[dict-item]
    return whole
