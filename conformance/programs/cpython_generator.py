"""The oracle's run for programs that use CPython's random number generator.

Such a program must print the same losses and samples, apart from rounding.
"""

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
"""The relative error of single precision that is possible in a loss after a few steps."""

DECIDED: dict[Precision, float] = {"float64": 1e-9, "float32": 1e-3}
"""Within this distance of a boundary between tokens, rounding may change which one is drawn."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WrongLoss:
    """A printed loss that differs from the oracle's, at a 0-based step."""

    step: int
    expected: float
    printed: PrintedLoss


@dataclass(frozen=True)
class ReferenceRun:
    """The oracle's run from a seed, to compare with a program that computes in `precision`.

    `losses` is `[steps]` in nats. `margins` has for each sample the smallest distance of a uniform
    number from a boundary between tokens.
    """

    run: Run
    precision: Precision
    losses: Array
    samples: Sequence[str]
    margins: Sequence[float]

    @property
    def counts(self) -> dict[str, int]:
        """The counts that the published program prints before training, by their printed names."""
        return {
            "num docs": len(self.run.documents),
            "vocab size": self.run.tokenizer.vocab_size,
            "num params": self.run.num_params,
        }

    @cached_property
    def budgets(self) -> Array:
        """How far rounding may change each loss: `[steps]`, in nats.

        Measured on runs from slightly different initial weights. Rounding errors of earlier steps
        persist, so budgets never decrease.
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
        """Whether there are losses, and all equal the oracle's within a unit of the last digit."""
        return bool(printed) and all(
            is_near(loss, float(self.losses[step])) for step, loss in printed.items()
        )

    def wrong_losses(self, printed: Mapping[int, PrintedLoss]) -> Iterator[WrongLoss]:
        """The losses that differ by more than their digits and rounding allow, in order."""
        for step, loss in printed.items():
            expected = float(self.losses[step])
            # Half a unit of the last digit, and the error of reading a decimal number.
            allowed = 0.5 * loss.unit * (1 + 1e-9) + self.budgets[step] + 1e-15 * abs(expected)
            if not abs(loss.value - expected) <= allowed:
                yield WrongLoss(step, expected, loss)

    def is_cut_short(self, printed: Mapping[int, PrintedLoss]) -> bool:
        """Whether every loss is explained by cutting off digits instead of rounding."""
        return all(
            -self.budgets[step] <= self.losses[step] - loss.value <= loss.unit + self.budgets[step]
            for step, loss in printed.items()
        )


def is_near(loss: PrintedLoss, expected: float) -> bool:
    """Whether a printed loss is the expected one, in any precision, rounded or cut off."""
    return abs(loss.value - expected) <= max(loss.unit, NEAR * abs(expected))


def reference_run(config: Config, seed: int, corpus: Corpus, precision: Precision) -> ReferenceRun:
    """Run the oracle, for a program that computes in `precision`."""
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
    return ReferenceRun(run, precision, losses, samples, margins)


def undecided(margins: Sequence[float], precision: Precision) -> set[int]:
    """The indices of the samples that rounding may change."""
    return {index for index, margin in enumerate(margins) if margin < DECIDED[precision]}


def first_loss(config: Config, seed: int, corpus: Corpus) -> float:
    """The oracle's loss of the first step, in nats."""
    run = Run.prepare(config, seed, corpus)
    machine = Machine(config, run.tokenizer.vocab_size)
    return machine.evaluate(FlatState.of(run.state).weights, run.tokens()[0]).loss
