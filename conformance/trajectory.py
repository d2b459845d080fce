"""Judging a recorded training step by step, each from where the port itself stood before it.

A step's logits, losses and gradients follow from the state that the port reported after the
step before, its update from its own gradients: so each part is judged from correct inputs, and
a mistake is blamed on the step that makes it. Only what a step needs of the one before is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from golden.budgets import (
    SMALLEST_NORMAL,
    TENSOR_FACTOR,
    UNIT_ROUNDOFF,
    Precision,
    adam_budget_of,
    learning_rate_budget,
    tensor_budget,
    widening_of,
)
from golden.numbers import Array, as_carried, ulps
from ports_adapter.messages import Message, StepParams, TrainParams
from reference.adam import State
from reference.config import Config
from reference.tape.machine import FlatState, Machine

from .case import Answer, Exact, Numbers
from .compare import MISSING, compare, in_budgets, measure
from .comparison import Comparison, Divergence
from .dataflow import backward_order
from .flat import STATE, Order, Section, StepLayout
from .oracle import config_of

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
        after, rate = self.machine.adam(FlatState(step, weights, m, v), grads)
        return rate, after.m, after.v, after.weights


class Expected(NamedTuple):
    """The losses of the right trajectory, each with its budget."""

    losses: Sequence[float]
    budgets: Sequence[float]


class Moment(NamedTuple):
    """A training state between two steps, flat."""

    m: Array
    v: Array
    weights: Array


class Right(NamedTuple):
    """A step's right numbers as far as they are known, each with its budget."""

    numbers: Array
    budgets: Array


@dataclass(slots=True)
class Tally:
    """How near the numbers were so far; of constant size, however many there were."""

    worst: float = 0.0
    worst_at: str = ""
    values: int = 0
    identical: int = 0
    ulps: float = 0.0

    def see(self, worst: float, worst_at: str) -> None:
        """Keep an error if it is the largest."""
        if worst > self.worst:
            self.worst, self.worst_at = worst, worst_at


def model_order(params: TrainParams) -> Order:
    """The canonical order of the model that a question is about."""
    return Order(config_of(params.sizes).shapes(len(params.weights["wte"])))


@dataclass
class TrajectoryJudge:
    """Judges the answer to a `train` that is to be recorded in full.

    The port's losses are judged by those `expected` of the right trajectory too, where these
    are given, until its first wrong step, after which it is on another.
    """

    question: TrainParams
    oracle: Oracle
    precision: Precision
    expected: Expected | None = None
    taken: int = field(default=0, init=False)
    wrong: int = field(default=0, init=False)
    unjudged: int = field(default=0, init=False)
    tally: Tally = field(default_factory=Tally, init=False)
    divergences: tuple[Divergence, ...] = field(default=(), init=False)
    before: Moment | None = field(init=False)
    layouts: dict[int, StepLayout] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        asked, flat = self.question, self.order.flat
        self.before = Moment(flat(asked.m), flat(asked.v), flat(asked.weights))

    @cached_property
    def config(self) -> Config:
        """Of the model and its optimiser."""
        return config_of(self.question.sizes, self.question.optimizer)

    @cached_property
    def order(self) -> Order:
        """Of the model's numbers."""
        return model_order(self.question)

    def take(self, step: StepParams) -> None:
        """Judge the next step.

        Raises:
            ArithmeticError: the oracle has no answer, though all was right so far.
        """
        index, number = self.taken, self.question.step + self.taken
        self.taken += 1
        tokens = self.question.documents[number % len(self.question.documents)]
        layout = self._layout(min(self.config.block_size, len(tokens) - 1))
        actual = layout.pack(step)
        if actual is None:
            grads, after = self._told(step, "grads"), self._state_after(step)
        else:
            actual = as_carried(actual, self.precision)
            grads, after = layout.grads(actual), Moment(*layout.state(actual))
        before, self.before = self.before, after
        if before is None or not all(np.isfinite(part).all() for part in before):
            self.unjudged += 1
            return
        try:
            right = self._right(number, tokens[: layout.positions + 1], before, grads)
        except (ArithmeticError, ValueError):
            if not self.wrong:
                raise
            self.unjudged += 1
            return
        if (
            step.step != number
            or actual is None
            or actual.size != right.numbers.size
            or not self._measure(index, layout, right, actual)
        ):
            self._blame(index, step, self._answer(number, layout, right))
        elif self.expected is not None and not self.wrong:
            self._follow(index, step, self.expected.losses[index], self.expected.budgets[index])

    def finish(self, result: Message) -> Comparison:
        """Judge the answer after the last step, which must be the state that it led to.

        Raises:
            ArithmeticError: some steps could not be judged, though no other is wrong.
        """
        divergences, extent = self.divergences, ""
        if self.taken < self.question.steps:
            place = f"/steps/{self.taken}"
            divergences += (Divergence(place, place, "a step", MISSING, np.inf),)
        if self.before is not None:
            last: Answer = {
                f"/{part}/{name}": Numbers(tensor, 0.0)
                for part, array in zip(STATE, self.before, strict=True)
                for name, tensor in self.order.nested(array).items()
            }
            divergences += compare(last, result, self.precision).divergences
        if self.unjudged and not self.wrong:
            raise ArithmeticError(f"{self.unjudged} steps could not be judged")
        if self.wrong:
            extent = f"{self.wrong} of {self.taken} steps wrong"
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

    def _told(self, step: StepParams, part: str) -> Array | None:
        """A part of a step that lacks another, if at least this one is shaped rightly."""
        try:
            return as_carried(self.order.flat(getattr(step, part)), self.precision)
        except (KeyError, TypeError, ValueError):
            return None

    def _state_after(self, step: StepParams) -> Moment | None:
        """Where the next step starts, if the port has told."""
        m, v, weights = (self._told(step, part) for part in STATE)
        return None if m is None or v is None or weights is None else Moment(m, v, weights)

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")  # asked for below
    def _right(
        self,
        number: int,
        tokens: list[int],
        before: Moment,
        own: Array | None,
    ) -> Right:
        """What is right: up to the gradients, and the update if the port's `own` allow for one."""
        # A moment a rounding error below 0 has been judged; no root can be taken of it.
        m, v, weights = before._replace(v=np.maximum(before.v, 0))
        logits, losses, loss, grads = self.oracle.evaluate(weights, tokens)
        wide = widening_of(float(np.abs(logits).max()))
        numbers = [logits.ravel(), losses, np.array([loss]), grads]
        budgets: list[Array] = [
            np.repeat(
                [wide * tensor_budget(part, self.precision) for part in (logits, losses, loss)],
                [logits.size, losses.size, 1],
            ),
            self._grad_budgets(grads, wide, tokens[:-1]),
        ]
        if own is not None and np.isfinite(own).all():
            rate, *after = self.oracle.adam(number, weights, m, v, own)
            state = State(number, _named(weights), _named(m), _named(v))
            budget = adam_budget_of(state, _named(own), "", self.config, self.precision)
            rate_budget = np.array([learning_rate_budget(self.config, self.precision)])
            numbers += [np.array([rate]), *after]
            budgets += [rate_budget, budget.m, budget.v, budget.weights]
        right = Right(np.concatenate(numbers), np.concatenate(budgets))
        if not np.isfinite(right.budgets).all():
            raise ArithmeticError("the right numbers are not finite")
        return right

    def _grad_budgets(self, grads: Array, wide: float, inputs: list[int]) -> Array:
        """A `tensor_budget` for each tensor; exactly 0 where a row of the embeddings is unused."""
        order = self.order
        largest = np.maximum.reduceat(np.abs(grads), order.starts[:-1])
        floor = SMALLEST_NORMAL[self.precision] * (largest > 0)
        each = wide * (TENSOR_FACTOR * UNIT_ROUNDOFF[self.precision] * largest + floor)
        budgets: Array = np.repeat(each, order.sizes)
        views = order.views(budgets)
        views["wpe"][len(inputs) :] = 0
        if "lm_head" in views:  # or else the tokens' embeddings are the output's weights, too
            unused = np.ones(len(views["wte"]), dtype=bool)
            unused[inputs] = False
            views["wte"][unused] = 0
        return budgets

    def _measure(self, index: int, layout: StepLayout, right: Right, actual: Array) -> bool:
        """Whether all numbers are within their budgets; keeps how near they are."""
        differing = np.flatnonzero(right.numbers != actual)
        expected, got = right.numbers[differing], actual[differing]
        self.tally.values += actual.size
        self.tally.identical += actual.size - differing.size
        if not differing.size:
            return True
        ratios = in_budgets(expected, got, right.budgets[differing])
        same, apart = _apart(expected, got)
        self.tally.identical += same
        self.tally.ulps = max(self.tally.ulps, apart)
        worst = int(ratios.argmax())
        if ratios[worst] > self.tally.worst:
            place = f"/steps/{index}{layout.place(int(differing[worst]))}"
            self.tally.see(float(ratios[worst]), place)
        return bool(ratios[worst] <= 1)

    def _answer(self, number: int, layout: StepLayout, right: Right) -> Answer:
        """The same as a case's answer, in the order of computation."""
        answer: Answer = {"/step": Exact(number)}
        known = [part for part in layout.sections if part.stop <= right.numbers.size]
        completed = [name for _, names in backward_order(self.config.n_layer) for name in names]
        places = {f"/grads/{name}": place for place, name in enumerate(completed)}

        def in_turn(section: Section) -> tuple[bool, int]:
            return section.start >= layout.evaluated, places.get(section.pointer, len(places))

        for section in sorted(known, key=in_turn):
            inside = slice(section.start, section.stop)
            value = right.numbers[inside].reshape(section.shape).tolist()
            answer[section.pointer] = Numbers(value, right.budgets[inside].reshape(section.shape))
        return answer

    def _blame(self, index: int, step: StepParams, answer: Answer) -> None:
        """Count a wrong step; of the first, tell what is wrong with it."""
        self.wrong += 1
        if self.wrong > 1:
            return
        at = f"/steps/{index}"
        found = compare(answer, step, self.precision)
        if not found.divergences:
            raise ValueError(f"{at} is wrong as a whole, but none of its parts is")
        self.divergences = tuple(
            replace(d, part=at + d.part, pointer=at + d.pointer, first=d.first and at + d.first)
            for d in found.divergences
        )

    def _follow(self, index: int, step: StepParams, loss: float, budget: float) -> None:
        """Judge a loss by the right trajectory's."""
        right = Numbers(loss, budget)
        found = measure("/loss", right, step.loss, self.precision)
        self.tally.see(found.worst, f"/steps/{index}/loss")
        if found.divergences:
            self._blame(index, step, {"/loss": right})


def _apart(a: Array, b: Array) -> tuple[int, float]:
    """How many of the elements that differ are the same all the same, and the most `ulps`."""
    a_bits, b_bits = a.view(np.int64), b.view(np.int64)
    if ((a_bits ^ b_bits) >= 0).all() and np.isfinite(a).all() and np.isfinite(b).all():
        return 0, float(np.abs(a_bits - b_bits).max())  # of one sign: their bits count the steps
    apart = ulps(a, b)
    return int((apart == 0).sum()), float(apart.max())


def _named(array: Array) -> dict[str, list[list[float]]]:
    """A whole model in one tensor, for what treats all elements alike."""
    whole: dict[str, list[list[float]]] = {"": array}  # type: ignore[dict-item]
    return whole
