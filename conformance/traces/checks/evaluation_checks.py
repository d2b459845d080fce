"""Compares logits, losses and gradients of a step with those that follow from its weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from msgspec import UNSET

from conformance.anatomy.computation_order import backward_order
from conformance.anatomy.step_array import Order
from conformance.oracle.training_step import (
    WELL_WITHIN,
    OptimizerState,
    StepAnswer,
    StepAnswers,
    StepInput,
    TapeOracle,
)
from golden.budgets import Precision
from golden.numbers import Array

from ..model.traced_model import TracedModel
from ..writing.printed_weights import widening
from ..writing.raw_numbers import array
from ..writing.recorded_steps import RecordedStep
from ..writing.records import INTERMEDIATES
from ..writing.shown_numbers import Bounded, Formats
from .intermediate_checks import IntermediateChecks
from .traced_case import Part, worst_of

HOPELESS = 1e6
"""Errors of so many of the rules' budgets are beyond any derived budget, too."""

HOPELESS_AGAIN = 50.0
"""The same in a part that was wrong in an earlier step by derived budgets."""

CASE_OF = {"logits": "logits", "losses": "loss", "loss": "loss"}
"""The case that compares a part."""


class Evaluated(NamedTuple):
    """What a step shows of its evaluation: parts by case, and the right gradients."""

    parts: Mapping[str, list[Part]]
    grads: Bounded


@dataclass(frozen=True)
class EvaluationChecks:
    """Compares the evaluations of a trace, one by one."""

    model: TracedModel
    formats: Formats
    known_wrong: set[str] = field(default_factory=set)

    @cached_property
    def order(self) -> Order:
        """The canonical order of the model's numbers."""
        return Order(self.model.sizes.shapes)

    @cached_property
    def answers(self) -> StepAnswers:
        """The right evaluations, in the precision that the numbers of the trace show."""
        return StepAnswers(self.oracle, self.order, self.model.sizes.config, self.precision)

    @cached_property
    def intermediates(self) -> IntermediateChecks:
        """Compares what the program computes on the way."""
        return IntermediateChecks(self.oracle, self.formats, self.precision)

    @property
    def oracle(self) -> TapeOracle:
        """The canonical program of the model."""
        return TapeOracle(self.model.machine)

    @property
    def precision(self) -> Precision:
        """The precision of all that is computed from the weights."""
        return self.formats.precision(
            "weights", "grads", "logits", "losses", "loss", *INTERMEDIATES
        )

    def evaluated(
        self, step: RecordedStep, weights: Bounded, tokens: list[int], grads: Bounded | None
    ) -> Evaluated | None:
        """The parts of an evaluation; None if it has no finite right answer.

        Raises:
            BadTrace: a part has another shape than the model makes it.
        """
        zeros = np.zeros(self.order.size)
        step_input = StepInput(0, tokens, OptimizerState(zeros, zeros, weights.numbers), None)
        try:
            right = self.answers.by_rule(step_input)
        except (ArithmeticError, ValueError):
            return None
        extra = self._error_of(weights, tokens, right.numbers.size)
        # An error that the rounding of weights explains needs no derived budget.
        parts = self._parts(step, _widened(right, extra / WELL_WITHIN), tokens, grads)
        is_doubtful = any(self._is_doubtful(name, found) for name, found in parts.items())
        if is_doubtful:
            right = self.answers.derived(step_input, right)
        if is_doubtful or extra.any():
            parts = self._parts(step, _widened(right, extra), tokens, grads)
        if is_doubtful:
            self.known_wrong.update(name for name, found in parts.items() if worst_of(found) > 1)
        size = self.order.size
        parts |= self.intermediates.parts(step, weights, tokens)
        return Evaluated(parts, Bounded(right.numbers[-size:], (right.budgets + extra)[-size:]))

    def _is_doubtful(self, name: str, parts: list[Part]) -> bool:
        """Whether only derived budgets can tell if parts are right."""
        hopeless = HOPELESS_AGAIN if name in self.known_wrong else HOPELESS
        return WELL_WITHIN < worst_of(parts) < hopeless

    def _error_of(self, weights: Bounded, tokens: list[int], size: int) -> Array:
        """What the rounding of printed weights may change in an evaluation."""
        if not weights.error.any():
            return np.zeros(size)

        def evaluation(at: Array) -> Array:
            found = self.model.machine.evaluate(at, tokens)
            return np.concatenate([found.logits.ravel(), found.losses, [found.loss], found.grads])

        return widening(weights, evaluation)

    def _parts(
        self, step: RecordedStep, right: StepAnswer, tokens: list[int], grads: Bounded | None
    ) -> dict[str, list[Part]]:
        n, vocab = self.model.sizes.config.positions(tokens), self.model.sizes.vocab_size
        shapes: dict[str, tuple[int, ...]] = {"logits": (n, vocab), "losses": (n,), "loss": ()}
        found: dict[str, list[Part]] = {"logits": [], "loss": [], "grads": []}
        start = 0
        for kind, shape in shapes.items():
            inside = slice(start, start + int(np.prod(shape)))
            start = inside.stop
            got = self._shown(step, kind, shape)
            if got is not None:
                budgets = right.budgets[inside] + got.error
                part = Part(f"/{kind}", shape, right.numbers[inside], budgets, got.numbers)
                found[CASE_OF[kind]].append(part)
        if grads is not None:
            rest = right.budgets[start:] + grads.error
            found["grads"] = self._of_grads(right.numbers[start:], rest, grads.numbers)
        return found

    def _shown(self, step: RecordedStep, kind: str, shape: tuple[int, ...]) -> Bounded | None:
        value = getattr(step.record, kind)
        if value is UNSET:
            return None
        got = array(value, step.where(kind), shape)
        return self.formats.bounded(kind, got.ravel())

    def _of_grads(self, right: Array, budgets: Array, got: Array) -> list[Part]:
        """A part for each matrix, in the order in which the backward pass completes them."""
        views = [self.order.views(numbers) for numbers in (right, budgets, got)]
        order = [name for _, names in backward_order(self.model.sizes.config) for name in names]
        return [
            Part(f"/grads/{name}", self.order.shapes[name], *(view[name].ravel() for view in views))
            for name in order
        ]


def _widened(right: StepAnswer, extra: Array) -> StepAnswer:
    return right._replace(budgets=right.budgets + extra)
