"""Judges losses alone: the right program runs freely from the program's first weights."""

from dataclasses import dataclass, field

import numpy as np

from golden.budgets import Precision, spread_budget
from golden.numbers import Array, as_carried
from golden.spread import training_spread
from reference.tape.machine import FlatState, Machine

from .traced_case import Part

MOST_STEPS = 50
"""Rounding errors grow from step to step, so later losses show less."""

REPLICAS = 12


@dataclass
class FreeRun:
    """The tokens and losses of the first steps, from 0 on without a gap."""

    documents: list[list[int]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    ended: bool = False

    def take(self, step: int, tokens: list[int] | None, loss: float | None) -> None:
        """Keep the next step, as long as there is no gap."""
        if tokens is None or loss is None or step != len(self.losses) or step >= MOST_STEPS:
            self.ended = True
        if not self.ended and tokens is not None and loss is not None:
            self.documents.append(tokens)
            self.losses.append(loss)

    def parts(
        self, machine: Machine, weights: Array, rounding: Array, precision: Precision
    ) -> list[Part]:
        """The loss of each step, up to the first at which rounding may switch a ReLU."""
        zeros = np.zeros(weights.size)
        state = FlatState(0, weights, zeros, zeros)
        spread = training_spread(machine, state, self.documents, precision, REPLICAS)
        steps = min((kink.step for kink in spread.kinks), default=len(self.losses))
        followed = machine.follow(state, self.documents[:steps])
        right = np.array([step.replay.loss for step in followed])
        budgets = spread_budget(right, spread.losses[:steps], precision) + rounding[:steps]
        got = as_carried(np.array(self.losses[:steps]), precision)
        return [
            Part("/loss", (), right[i : i + 1], budgets[i : i + 1], got[i : i + 1])
            for i in range(steps)
        ]
