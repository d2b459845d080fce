"""Judges a fully recorded training run, each step from the port's own state before it.

The right logits, losses and gradients of a step follow from the state that the port reported
after the step before; the right update follows from the port's own gradients. So each part is
judged from correct inputs, and a mistake is found in the step that makes it. Of the steps
before, only the last state is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from conformance.anatomy.computation_order import backward_order
from conformance.anatomy.step_array import STATE, Order, Section, StepLayout
from conformance.oracle.answer import Answer, Exact, Numbers
from conformance.oracle.reference_answer import config_of
from conformance.oracle.training_step import (
    WELL_WITHIN,
    OptimizerState,
    Oracle,
    StepAnswer,
    StepAnswers,
    StepInput,
)
from golden.budgets import Precision
from golden.numbers import Array, as_array, as_carried, ulps
from ports_adapter.messages import Message, StepParams, TrainParams
from reference.config import Config

from .compare import MISSING, compare, in_budgets
from .divergence import Comparison, Divergence


class Expected(NamedTuple):
    """The losses of the right trajectory, and the budget of each."""

    losses: Sequence[float]
    budgets: Sequence[float]


@dataclass(slots=True)
class Tally:
    """How near all numbers so far were; of constant size, however many there were."""

    worst: float = 0.0
    worst_at: str = ""
    values: int = 0
    identical: int = 0
    ulps: float = 0.0

    def see(self, worst: float, worst_at: str) -> None:
        """Keep an error if it is the largest so far."""
        if worst > self.worst:
            self.worst, self.worst_at = worst, worst_at


class Nearness(NamedTuple):
    """How near the numbers of one step are.

    Attributes:
        worst: the largest error, in budgets.
        model: the largest error up to the gradients, in budgets.
        place: the index of the number with the largest error.
        identical: how many numbers are equal.
        ulps: the largest distance, in units in the last place.
    """

    worst: float
    model: float
    place: int
    identical: int
    ulps: float


def model_order(params: TrainParams) -> Order:
    """The canonical order of the numbers of a question's model."""
    return Order(config_of(params).shapes(len(params.weights["wte"])))


@dataclass
class TrajectoryJudge:
    """Judges the answer to a `train` question that asks for full records.

    If the losses of the right trajectory are `expected`, the port's losses are also judged by
    them, until its first wrong step: after that it follows another trajectory.
    """

    question: TrainParams
    oracle: Oracle
    precision: Precision
    expected: Expected | None = None
    steps_judged: int = field(default=0, init=False)
    wrong: int = field(default=0, init=False)
    unjudged: int = field(default=0, init=False)
    tally: Tally = field(default_factory=Tally, init=False)
    divergences: tuple[Divergence, ...] = field(default=(), init=False)
    before: OptimizerState | None = field(init=False)
    layouts: dict[int, StepLayout] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        asked, flat = self.question, self.order.flat
        self.before = OptimizerState(flat(asked.m), flat(asked.v), flat(asked.weights))

    @cached_property
    def config(self) -> Config:
        """The configuration that the question is about."""
        return config_of(self.question)

    @cached_property
    def order(self) -> Order:
        """The canonical order of the model's numbers."""
        return model_order(self.question)

    @cached_property
    def steps(self) -> StepAnswers:
        """The right answers to the steps."""
        return StepAnswers(self.oracle, self.order, self.config, self.precision)

    def take(self, step: StepParams) -> None:
        """Judge the next step.

        Raises:
            ArithmeticError: the oracle has no answer, although all steps so far were right.
            ValueError: the same, from arithmetic outside its domain.
        """
        index, number = self.steps_judged, self.question.step + self.steps_judged
        self.steps_judged += 1
        tokens = self.question.documents[number % len(self.question.documents)]
        layout = self._layout(self.config.positions(tokens))
        actual = layout.pack(step)
        if actual is None:
            grads, after = self._reported(step, "grads"), self._state_after(step)
        else:
            actual = as_carried(actual, self.precision)
            grads, after = layout.grads(actual), OptimizerState(*layout.state(actual))
        before, self.before = self.before, after
        if before is None or not all(np.isfinite(part).all() for part in before):
            self.unjudged += 1
            return
        step_input = StepInput(number, tokens[: layout.positions + 1], before, grads)
        try:
            right = self.steps.by_rule(step_input)
        except (ArithmeticError, ValueError):
            if not self.wrong:
                raise
            self.unjudged += 1
            return
        found = None
        if step.step == number and actual is not None and actual.size == right.numbers.size:
            found = _nearness(right, actual, layout)
            if found.model > WELL_WITHIN and not self.wrong:
                right = self.steps.derived(step_input, right)
                found = _nearness(right, actual, layout)
            self._keep(index, layout, found)
        if found is None or found.worst > 1:
            self._blame(index, step, self._answer(number, layout, right))
        elif self.expected is not None and not self.wrong:
            self._follow(index, step, self.expected.losses[index], self.expected.budgets[index])

    def finish(self, result: Message) -> Comparison:
        """Judge the answer after the last step, which must be the state after that step.

        Raises:
            ArithmeticError: steps could not be judged, although no other step is wrong.
        """
        divergences, extent = self.divergences, ""
        if self.steps_judged < self.question.steps:
            place = f"/steps/{self.steps_judged}"
            divergences += (Divergence(place, place, "a step", MISSING, np.inf),)
        if self.before is not None:
            last: Answer = {
                f"/{part}/{name}": Numbers(tensor.tolist(), 0.0)
                for part, array in zip(STATE, self.before, strict=True)
                for name, tensor in self.order.views(array).items()
            }
            divergences += compare(last, result, self.precision).divergences
        if self.unjudged and not self.wrong:
            raise ArithmeticError(f"{self.unjudged} steps could not be judged")
        if self.wrong:
            extent = f"{self.wrong} of {self.steps_judged} steps wrong"
        if self.unjudged:
            extent += f", {self.unjudged} could not be judged"
        found = self.tally
        return Comparison(
            divergences,
            found.worst,
            found.worst_at,
            found.values,
            found.identical,
            found.ulps,
            extent,
        )

    def _layout(self, positions: int) -> StepLayout:
        if positions not in self.layouts:
            vocab_size = len(self.question.weights["wte"])
            self.layouts[positions] = StepLayout(self.order, vocab_size, positions)
        return self.layouts[positions]

    def _reported(self, step: StepParams, part: str) -> Array | None:
        """A part of an incomplete step, flat; None if the part is missing or of another shape."""
        try:
            return as_carried(self.order.flat(getattr(step, part)), self.precision)
        except (KeyError, TypeError, ValueError):
            return None

    def _state_after(self, step: StepParams) -> OptimizerState | None:
        """The state after an incomplete step, if the port reported all of it."""
        m, v, weights = (self._reported(step, part) for part in STATE)
        return None if m is None or v is None or weights is None else OptimizerState(m, v, weights)

    def _keep(self, index: int, layout: StepLayout, found: Nearness) -> None:
        self.tally.values += layout.sections[-1].stop
        self.tally.identical += found.identical
        self.tally.ulps = max(self.tally.ulps, found.ulps)
        if found.worst > self.tally.worst:
            self.tally.see(found.worst, f"/steps/{index}{layout.place(found.place)}")

    def _answer(self, number: int, layout: StepLayout, right: StepAnswer) -> Answer:
        """The right answer by JSON Pointer, in the order of computation."""
        answer: Answer = {"/step": Exact(number)}
        known = [part for part in layout.sections if part.stop <= right.numbers.size]
        completed = [name for _, names in backward_order(self.config) for name in names]
        places = {f"/grads/{name}": place for place, name in enumerate(completed)}

        def turn(section: Section) -> tuple[bool, int]:
            return section.start >= layout.evaluated, places.get(section.pointer, len(places))

        for section in sorted(known, key=turn):
            inside = slice(section.start, section.stop)
            value = right.numbers[inside].reshape(section.shape).tolist()
            answer[section.pointer] = Numbers(value, right.budgets[inside].reshape(section.shape))
        return answer

    def _blame(self, index: int, step: StepParams, answer: Answer) -> None:
        """Count a wrong step; for the first one, keep its divergences."""
        self.wrong += 1
        if self.wrong > 1:
            return
        at = f"/steps/{index}"
        found = compare(answer, step, self.precision)
        if not found.divergences:
            raise ValueError(f"{at} is wrong, but none of its parts is; the comparisons disagree")
        self.divergences = tuple(
            replace(d, part=at + d.part, pointer=at + d.pointer, first=d.first and at + d.first)
            for d in found.divergences
        )

    def _follow(self, index: int, step: StepParams, loss: float, budget: float) -> None:
        """Judge a loss by that of the right trajectory."""
        got = as_carried(as_array([step.loss]), self.precision)
        (worst,) = in_budgets(as_array([loss]), got, as_array([budget]))
        self.tally.see(float(worst), f"/steps/{index}/loss")
        if worst > 1:
            self._blame(index, step, {"/loss": Numbers(loss, budget)})


def _nearness(right: StepAnswer, actual: Array, layout: StepLayout) -> Nearness:
    differing = np.flatnonzero(right.numbers != actual)
    identical = actual.size - differing.size
    if not differing.size:
        return Nearness(0.0, 0.0, 0, identical, 0.0)
    expected, got = right.numbers[differing], actual[differing]
    ratios = in_budgets(expected, got, right.budgets[differing])
    equal, apart = _apart(expected, got)
    of_model = int(np.searchsorted(differing, layout.evaluated + layout.order.size))
    model = float(ratios[:of_model].max(initial=0.0))
    worst = int(ratios.argmax())
    return Nearness(float(ratios[worst]), model, int(differing[worst]), identical + equal, apart)


def _apart(a: Array, b: Array) -> tuple[int, float]:
    """How many differing elements count as equal, as 0 and -0 do, and the largest distance."""
    a_bits, b_bits = a.view(np.int64), b.view(np.int64)
    if ((a_bits ^ b_bits) >= 0).all() and np.isfinite(a).all() and np.isfinite(b).all():
        return 0, float(np.abs(a_bits - b_bits).max())  # of one sign, bits count floats
    apart = ulps(a, b)
    return int((apart == 0).sum()), float(apart.max())
