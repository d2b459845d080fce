"""The golden trajectory of a training run: its states, its kinks, and the free runs between them.

Honest rounding changes the losses of later steps little, with one exception: if it moves a
pre-activation to the other side of 0, losses change by far more. The *kink ledger* lists such
places. A *free run* ends before a kink; the next one starts after it, from the golden state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reference.tape.machine import FlatState, FlatStep, Machine, Replay
from reference.training import initial_state

from .budgets import TENSOR_FACTOR, UNIT_ROUNDOFF, Precision
from .spread import PRE_ACTIVATION, Kink
from .trace import Trace, floats


@dataclass(frozen=True, slots=True)
class FreeRun:
    """`count` steps, the first of which is the 0-based step `first`."""

    first: int
    count: int

    @property
    def name(self) -> str:
        """The name in the golden budgets, as `"0+5"`."""
        return f"{self.first}+{self.count}"

    @classmethod
    def named(cls, name: str) -> FreeRun:
        """The run with this name."""
        first, _, count = name.partition("+")
        return cls(int(first), int(count))


@dataclass(frozen=True)
class Trajectory:
    """The training of a profile at machine speed: its start, and the documents of all steps."""

    machine: Machine
    start: FlatState
    documents: Sequence[Sequence[int]]

    @classmethod
    def of(cls, trace: Trace) -> Trajectory:
        """The trajectory that a trace records."""
        machine = Machine(trace.config, trace.tokenizer.vocab_size)
        start = FlatState.of(initial_state(floats(trace.initial_weights), trace.config))
        return cls(machine, start, [step.tokens for step in trace.steps])

    def steps(self) -> Iterator[FlatStep]:
        """All steps from the start."""
        return self.machine.train(self.start, self.documents)

    def state_before(self, step: int) -> FlatState:
        """The state from which a 0-based step starts."""
        state = self.start
        for tokens in self.documents[:step]:
            state = self.machine.step(state, tokens).state
        return state

    def of_run(self, run: FreeRun) -> Sequence[Sequence[int]]:
        """The documents of a run's steps."""
        return self.documents[run.first : run.first + run.count]


def rounded(state: FlatState, precision: Precision) -> FlatState:
    """The state with all numbers rounded to a precision."""
    weights, m, v = (
        array.astype(precision).astype(np.float64) for array in (state.weights, state.m, state.v)
    )
    return FlatState(state.step, weights, m, v)


def kink_ledger(trajectory: Trajectory, precision: Precision) -> list[Kink]:
    """For each step with a kink, the pre-activation that is nearest to 0."""
    kinks = (nearest_kink(step.replay, precision, step.index) for step in trajectory.steps())
    return [kink for kink in kinks if kink is not None]


def nearest_kink(replay: Replay, precision: Precision, step: int = 0) -> Kink | None:
    """The pre-activation nearest to 0, if rounding may move it to the other side; else None.

    Rounding may do so within 64 u of the layer's largest magnitude. A pre-activation that is
    exactly 0 does not count, since rounding does not change it.
    """
    near = TENSOR_FACTOR * UNIT_ROUNDOFF[precision]
    kinks = []
    for pointer, slots in replay.tape.values.items():
        if pointer.endswith(PRE_ACTIVATION):
            values = replay.values[np.asarray(slots).ravel()]
            sizes = np.where(values == 0, np.inf, np.abs(values))
            index = int(sizes.argmin())
            if sizes[index] <= near * np.abs(values).max():
                kinks.append(Kink(step, pointer, index, float(values[index])))
    return min(kinks, key=lambda kink: abs(kink.value), default=None)


def free_runs(ledger: Sequence[Kink], steps: int) -> list[FreeRun]:
    """The longest runs within the first `steps` steps that have no kink of the ledger."""
    ends = [*sorted({kink.step for kink in ledger if kink.step < steps}), steps]
    runs, first = [], 0
    for end in ends:
        if end > first:
            runs.append(FreeRun(first, end - first))
        first = end + 1
    return runs
