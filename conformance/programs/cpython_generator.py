"""A program that follows CPython's generator: its losses and samples against the oracle's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from conformance.cases.by_level.sampling import Choices, logits_by
from golden.budgets import Precision, spread_budget
from reference.config import Config
from reference.corpus import Corpus
from reference.program import Run
from reference.sampling import sample_from
from reference.tape.machine import FlatState, Machine

from .printed_output import PrintedLoss

REPLICAS = 4
NEAR = 1e-5
"""The share of a loss by which single precision may have it otherwise after a few steps."""

DECIDED: dict[Precision, float] = {"float64": 1e-9, "float32": 1e-3}
"""How near to a boundary a uniform may fall so that a whole training's rounding may cross it."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A printed loss that is not the oracle's, at a 0-based step."""

    step: int
    expected: float
    printed: PrintedLoss


@dataclass(frozen=True)
class Canon:
    """The oracle's run from a seed: counts, losses, samples.

    `margins` says how clearly each sample was chosen, `precision` what the program computes in.
    """

    run: Run
    precision: Precision
    losses: Array
    samples: Sequence[str]
    margins: Sequence[float]

    @property
    def counts(self) -> dict[str, int]:
        """What the published program prints before it trains."""
        return {
            "num docs": len(self.run.documents),
            "vocab size": self.run.tokenizer.vocab_size,
            "num params": self.run.num_params,
        }

    @cached_property
    def budgets(self) -> Array:
        """How far honest rounding may carry each loss.

        From runs whose weights are each rounded otherwise to begin with. What carries on from an
        earlier step never shrinks back, so a budget is at least that before it.
        """
        config, start, documents = self.run.config, self.run.state, self.run.tokens()
        machine = Machine(config, self.run.tokenizer.vocab_size, self.precision)
        generator = np.random.default_rng(0)
        unit = float(np.finfo(self.precision).eps)
        squares = np.zeros_like(self.losses)
        for _ in range(REPLICAS):
            weights = FlatState.of(start).weights
            nudges = 1 + unit * generator.uniform(-0.5, 0.5, weights.size)
            nudged = (weights * nudges).astype(self.precision)
            zeros = np.zeros_like(nudged)
            steps = machine.train(FlatState(0, nudged, zeros, zeros), documents)
            squares += (np.array([step.replay.loss for step in steps]) - self.losses) ** 2
        sigma = np.maximum.accumulate(np.sqrt(squares / REPLICAS))
        return spread_budget(self.losses, sigma, self.precision)

    def is_near(self, printed: Mapping[int, PrintedLoss]) -> bool:
        """Whether all of these are the oracle's to a unit of their last digit."""
        return bool(printed) and all(
            is_near(loss, float(self.losses[step])) for step, loss in printed.items()
        )

    def wrong(self, printed: Mapping[int, PrintedLoss]) -> Iterator[Wrong]:
        """The losses that are further off than their digits and rounding allow, in order."""
        for step, loss in printed.items():
            expected = float(self.losses[step])
            # Half a unit, and what the decimal on paper and the one in memory differ by.
            allowed = 0.5 * loss.unit * (1 + 1e-9) + self.budgets[step] + 1e-15 * abs(expected)
            if not abs(loss.value - expected) <= allowed:
                yield Wrong(step, expected, loss)

    def is_cut_short(self, printed: Mapping[int, PrintedLoss]) -> bool:
        """Whether cutting digits off, in place of rounding, would explain every loss."""
        return all(
            -self.budgets[step] <= self.losses[step] - loss.value <= loss.unit + self.budgets[step]
            for step, loss in printed.items()
        )


def is_near(loss: PrintedLoss, expected: float) -> bool:
    """Whether a printed loss is this one, in any precision and however its digits were cut."""
    return abs(loss.value - expected) <= max(loss.unit, NEAR * abs(expected))


def canon(config: Config, seed: int, corpus: Corpus, precision: Precision) -> Canon:
    """The oracle's run, for a program that computes in that precision."""
    run = Run.prepare(config, seed, corpus)
    machine = Machine(config, run.tokenizer.vocab_size)
    start = FlatState.of(run.state)
    steps = list(machine.train(start, run.tokens()))
    losses = np.array([step.replay.loss for step in steps])
    logits = logits_by(machine, steps[-1].state.weights)
    samples, margins = [], []
    for _ in range(config.num_samples):
        choices = Choices(run.generator.random)
        tokens = sample_from(logits, run.tokenizer.bos, config.temperature, config, choices)
        samples.append(run.tokenizer.decode(tokens))
        margins.append(choices.margin)
    return Canon(run, precision, losses, samples, margins)


def undecided(margins: Sequence[float], precision: Precision) -> set[int]:
    """The samples that a uniform near a boundary may turn, by their index."""
    return {index for index, margin in enumerate(margins) if margin < DECIDED[precision]}


def first_loss(config: Config, seed: int, corpus: Corpus) -> float:
    """The oracle's first loss alone."""
    run = Run.prepare(config, seed, corpus)
    machine = Machine(config, run.tokenizer.vocab_size)
    return machine.evaluate(FlatState.of(run.state).weights, run.tokens()[0]).loss
