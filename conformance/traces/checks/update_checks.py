"""Compares moments and weights after a step with Adam's update by the step's own gradients."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from conformance.anatomy.step_array import Order
from golden.budgets import AdamBudget, Precision, adam_budget_of, learning_rate_budget
from golden.numbers import Array
from reference.config import Config
from reference.profiles import MICROGPT
from reference.state import State
from reference.tape.machine import FlatState, Machine

from ..model.model_sizes import ModelSizes
from ..writing.record_lines import Note
from ..writing.shown_numbers import Bounded, Formats
from .hyperparameters_shown import differences, shown_hyperparameters
from .traced_case import Part, worst_of
from .update_interval import update_error

STATE = ("m", "v", "weights")

ROUNDING = 1 + 2.0**-20
"""The bound of an error is itself computed with rounding."""

NEAR = 2
"""So many whole numbers on either side of an inferred `num_steps` are tried."""


class UpdateInput(NamedTuple):
    """What an update starts from; `step` is 0-based."""

    step: int
    weights: Bounded
    m: Bounded
    v: Bounded
    grads: Bounded


class Reading(NamedTuple):
    """How updates are read: by which hyperparameters, and in which precision.

    The precision None is the one that each part shows.
    """

    config: Config
    precision: Precision | None


@dataclass
class UpdateChecks:
    """Compares the updates of a trace, one by one.

    Attributes:
        sizes: the sizes of the model.
        formats: how the numbers are written.
        note: takes sentences about what was inferred.
        is_num_steps_open: whether the trace leaves `num_steps` open, so that it is inferred.
    """

    sizes: ModelSizes
    formats: Formats
    note: Note
    is_num_steps_open: bool

    def __post_init__(self) -> None:
        self.order = Order(self.sizes.shapes)
        self.reading = Reading(self.sizes.config, None)

    def parts(self, given: UpdateInput, after: Mapping[str, Bounded | None]) -> list[Part]:
        """The parts of the state after a step that the trace has.

        If they are wrong, the readings of a right program are tried that does not state its
        `num_steps`, or that shows more digits than it computes with.
        """
        found = self._parts(self.reading, given, after)
        if worst_of(found) <= 1:
            return found
        for reading in self._other_readings(given, after["weights"]):
            other = self._parts(reading, given, after)
            if worst_of(other) <= 1:
                self._adopt(reading)
                return other
        if not given.step:
            self._doubt_hyperparameters(given, after)
        return found

    def _doubt_hyperparameters(
        self, given: UpdateInput, after: Mapping[str, Bounded | None]
    ) -> None:
        """Say so if the first update is right by other hyperparameters than those stated."""
        config = self.reading.config
        shown = shown_hyperparameters(config, given.weights.numbers, given.grads.numbers, after)
        others = differences(shown, config)
        reading = self.reading._replace(config=shown)
        if others and worst_of(self._parts(reading, given, after)) <= 1:
            fields = ", ".join(f'"{name}": {value:g}' for name, value in others.items())
            self.note(
                f"The first update is right with {fields}. If the program means them, state them "
                "in the first record; the published values differ."
            )

    def learning_rate(self, step: int, got: Bounded) -> Part:
        """The part that compares a step's learning rate."""
        part = self._rate(self.reading.config, step, got)
        if worst_of([part]) <= 1:
            return part
        share = float(got.numbers[0]) / self.reading.config.learning_rate
        for config in self._decaying_to(step, share):
            other = self._rate(config, step, got)
            if worst_of([other]) <= 1:
                self._adopt(self.reading._replace(config=config))
                return other
        return part

    def moments(self, given: UpdateInput) -> tuple[Bounded, Bounded]:
        """The right moments after a step, where the program keeps its own to itself."""
        right = self._right(self.reading.config, given)
        budget = self._budget(self.reading, "m", given)
        error = update_error(*given, self.reading.config)
        return Bounded(right.m, error.m + budget.m), Bounded(right.v, error.v + budget.v)

    def _other_readings(self, given: UpdateInput, weights: Bounded | None) -> Iterator[Reading]:
        coarse = self.formats.precision(*STATE, "grads")
        configs = [self.reading.config, *self._other_num_steps(given, weights)]
        for precision in dict.fromkeys([self.reading.precision, coarse]):
            for config in configs:
                yield Reading(config, precision)

    def _other_num_steps(self, given: UpdateInput, weights: Bounded | None) -> list[Config]:
        """The hyperparameters with the `num_steps` that the change of the weights shows."""
        if weights is None:
            return []
        config = self.reading.config
        right = self._right(config, given)
        moved = given.weights.numbers - right.weights
        telling = np.abs(moved) > 0.1 * np.abs(moved).max()
        ratios = (given.weights.numbers - weights.numbers)[telling] / moved[telling]
        if not ratios.size:
            return []
        rate = config.learning_rate_at(given.step) * float(np.median(ratios))
        return self._decaying_to(given.step, rate / config.learning_rate)

    def _decaying_to(self, step: int, share: float) -> list[Config]:
        """The hyperparameters with the `num_steps` by which a step has this share of the rate."""
        config = self.reading.config
        if not (self.is_num_steps_open and step and 0 < share < 1 and config.schedule == "linear"):
            return []
        middle = round(step / (1 - share))
        near = sorted(range(middle - NEAR, middle + NEAR + 1), key=lambda n: abs(n - middle))
        return [replace(config, num_steps=n) for n in near if n > step]

    def _adopt(self, reading: Reading) -> None:
        """Read all later updates so, and say it."""
        steps = reading.config.num_steps
        if steps != self.reading.config.num_steps:
            self.is_num_steps_open = False
            self.note(
                f"The learning rate decays over {steps} steps, not over the published "
                f'{MICROGPT.config.num_steps}: add "num_steps": {steps} to the first record.'
            )
        if reading.precision != self.reading.precision:
            self.note(f"Updates are judged in {reading.precision}, the precision of their inputs.")
        self.reading = reading

    def _rate(self, config: Config, step: int, got: Bounded) -> Part:
        right = np.array([config.learning_rate_at(step)])
        precision = self.formats.precision("weights")
        budget = learning_rate_budget(config, precision) + got.error
        return Part("/learning_rate", (), right, budget, got.numbers)

    def _parts(
        self, reading: Reading, given: UpdateInput, after: Mapping[str, Bounded | None]
    ) -> list[Part]:
        error = update_error(*given, reading.config)
        right = self._right(reading.config, given)
        parts: list[Part] = []
        for kind in STATE:
            got = after[kind]
            if got is not None:
                budget = getattr(self._budget(reading, kind, given), kind)
                budgets = budget + ROUNDING * (getattr(error, kind) + got.error)
                # From wildly wrong gradients nothing finite follows, and only they are judged.
                if np.isfinite(budgets).all() and np.isfinite(getattr(right, kind)).all():
                    parts += self._of_tensors(kind, getattr(right, kind), budgets, got.numbers)
        return parts

    def _of_tensors(self, kind: str, right: Array, budgets: Array, got: Array) -> list[Part]:
        views = [self.order.views(numbers) for numbers in (right, budgets, got)]
        return [
            Part(f"/{kind}/{name}", shape, *(view[name].ravel() for view in views))
            for name, shape in self.order.shapes.items()
        ]

    @np.errstate(all="ignore")
    def _right(self, config: Config, given: UpdateInput) -> FlatState:
        machine = Machine(config, self.sizes.vocab_size)
        numbers = (given.weights.numbers, given.m.numbers, _not_negative(given.v))
        return machine.update(FlatState(given.step, *numbers), given.grads.numbers)[0]

    @np.errstate(all="ignore")
    def _budget(self, reading: Reading, kind: str, given: UpdateInput) -> AdamBudget:
        precision = reading.precision or self.formats.precision(kind)
        numbers = (given.weights.numbers, given.m.numbers, _not_negative(given.v))
        state = State(given.step, *({"": part} for part in numbers))  # type: ignore[arg-type]
        return adam_budget_of(state, {"": given.grads.numbers}, "", reading.config, precision)


def _not_negative(v: Bounded) -> Array:
    """Second moments; they may lie a rounding error below 0, where they have no root."""
    return np.maximum(v.numbers, 0)
