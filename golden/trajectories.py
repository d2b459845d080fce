"""The golden trajectory: its states, where a ReLU nearly turns, and the runs between these.

Training is not chaotic but for one thing: a pre-activation near 0 that honest rounding puts
on the other side moves the next losses by far more than rounding does. The *kink ledger*
lists such places. A free run ends before one and starts again after it, from the golden state.
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
    """`count` steps from the 0-based step `first` on."""

    first: int
    count: int

    @property
    def name(self) -> str:
        """As the golden budgets list it."""
        return f"{self.first}+{self.count}"

    @classmethod
    def named(cls, name: str) -> FreeRun:
        """The run of a name."""
        first, _, count = name.partition("+")
        return cls(int(first), int(count))


@dataclass(frozen=True)
class Trajectory:
    """A profile's training, at machine speed: the machine, its start, and all documents."""

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
        """All of them, from the start."""
        return self.machine.train(self.start, self.documents)

    def state_before(self, step: int) -> FlatState:
        """The state that a 0-based step starts from."""
        state = self.start
        for tokens in self.documents[:step]:
            state = self.machine.step(state, tokens).state
        return state

    def of_run(self, run: FreeRun) -> Sequence[Sequence[int]]:
        """The documents of a run's steps."""
        return self.documents[run.first : run.first + run.count]


def rounded(state: FlatState, precision: Precision) -> FlatState:
    """A state whose numbers that precision can represent."""
    weights, m, v = (
        array.astype(precision).astype(np.float64) for array in (state.weights, state.m, state.v)
    )
    return FlatState(state.step, weights, m, v)


def kink_ledger(trajectory: Trajectory, precision: Precision) -> list[Kink]:
    """Of each step whose ReLUs rounding may turn, the pre-activation that is nearest to 0."""
    kinks = (nearest_kink(step.replay, precision, step.index) for step in trajectory.steps())
    return [kink for kink in kinks if kink is not None]


def nearest_kink(replay: Replay, precision: Precision, step: int = 0) -> Kink | None:
    """The pre-activation nearest to 0, if rounding may put it on the other side.

    That is within 64 u of its layer's largest. One that is exactly 0 is no matter of rounding.
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
    """The longest runs of the first `steps` that no kink of the ledger interrupts."""
    ends = [*sorted({kink.step for kink in ledger if kink.step < steps}), steps]
    runs, first = [], 0
    for end in ends:
        if end > first:
            runs.append(FreeRun(first, end - first))
        first = end + 1
    return runs
