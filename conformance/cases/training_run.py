"""A stretch of training: the question that asks for it, its right steps, and their budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from conformance.oracle.answer import Answer
from conformance.oracle.expected_answer import losses_answer, state_answer
from conformance.oracle.reference_answer import activation_of, as_json, optimizer_of, sizes_of
from golden.budgets import Precision
from golden.derived import Budgets, run_budgets
from golden.goldens import long_runs
from golden.goldens import run_budgets as golden_run_budgets
from golden.trace import Trace
from golden.trajectories import FreeRun, Trajectory, nearest_kink, rounded
from ports_adapter.messages import TrainParams
from reference.state import State
from reference.tape.machine import FlatState, FlatStep

from .situations import Situations


@dataclass(frozen=True)
class TrainingRun:
    """Training steps from a state, one for each document, at machine speed."""

    situations: Situations
    state: FlatState
    documents: Sequence[Sequence[int]]

    @classmethod
    def of(cls, situations: Situations, run: FreeRun) -> Self:
        """The steps of a run of the golden trajectory."""
        trajectory = Trajectory.of(situations.trace)
        state = rounded(trajectory.state_before(run.first), situations.precision)
        return cls(situations, state, trajectory.of_run(run))

    @cached_property
    def steps(self) -> list[FlatStep]:
        """The canonical program's steps."""
        return list(self.situations.machine.follow(self.state, self.documents))

    @cached_property
    def budgets(self) -> Budgets:
        """The budgets of the losses and of the state after the last step, derived now."""
        return run_budgets(
            self.situations.machine, self.state, self.documents, self.situations.precision
        )

    @property
    def has_kink(self) -> bool:
        """Whether rounding may switch a ReLU in one of the steps."""
        precision = self.situations.precision
        return any(nearest_kink(step.replay, precision) for step in self.steps)

    def losses(self, budgets: Budgets) -> Answer:
        """The right `step` notifications."""
        return losses_answer(
            [step.replay.loss for step in self.steps],
            [step.learning_rate for step in self.steps],
            self.state.step,
            self.situations.trace.config,
            budgets["/losses"][: len(self.steps)],
            self.situations.precision,
        )

    def answer(self, budgets: Budgets) -> Answer:
        """The right `step` notifications, and the right state after the last step."""
        after = self.steps[-1].state.named(self.situations.machine.shapes)
        return self.losses(budgets) | state_answer(after, budgets)

    def question(self, documents: Sequence[Sequence[int]] | None = None) -> TrainParams:
        """The question for these steps.

        Args:
            documents: the documents to send; None means those of the run, in the order in which
                the port will take them.
        """
        state = self.state.named(self.situations.machine.shapes)
        asked = in_turn(self.documents, state.step) if documents is None else documents
        return train_question(self.situations.trace, state, asked, len(self.documents))


def golden_runs(situations: Situations) -> list[FreeRun]:
    """The runs that make up the golden trajectory, as far as it is kept; none of a variation."""
    if not situations.judged_program.is_published:
        return []
    return long_runs(situations.judged_program.name, situations.precision)


def budgets_of_run(situations: Situations, run: FreeRun, precision: Precision) -> Budgets:
    """The golden budgets of a run; derived now if the program is a variation."""
    if situations.judged_program.is_published:
        return golden_run_budgets(situations.judged_program.name, run, precision)
    return TrainingRun.of(situations, run).budgets


def train_question(
    trace: Trace, state: State, documents: Sequence[Sequence[int]], steps: int
) -> TrainParams:
    """The question for `steps` training steps from `state`."""
    return TrainParams(
        profile=trace.profile,
        sizes=sizes_of(trace.config),
        optimizer=optimizer_of(trace.config),
        step=state.step,
        weights=as_json(state.weights),
        m=as_json(state.m),
        v=as_json(state.v),
        documents=[list(tokens) for tokens in documents],
        steps=steps,
        activation=activation_of(trace.profile, trace.config),
    )


def in_turn(documents: Sequence[Sequence[int]], first: int) -> list[Sequence[int]]:
    """The documents arranged in such a way that step `first + k` takes the `k`-th of them."""
    count = len(documents)
    return [documents[(index - first) % count] for index in range(count)]
