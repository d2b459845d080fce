"""Levels `adam` and `train`: one update from given gradients, and steps from a given state."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from conformance.anatomy.golden_values import recorded_steps
from conformance.oracle.answer import Answer
from conformance.oracle.expected_answer import of_losses, of_state, of_update
from conformance.oracle.reference_answer import activation_of, as_json, optimizer_of, sizes_of
from golden.budgets import Precision
from golden.derived import Budgets, run_budgets, short_runs
from golden.goldens import LENGTH, long_runs
from golden.goldens import run_budgets as golden_run_budgets
from golden.trace import Trace, state_before
from golden.trajectories import (
    FreeRun,
    Trajectory,
    nearest_kink,
    rounded,
)
from ports_adapter.messages import AdamParams, SgdParams, TrainParams
from reference.adam import adam
from reference.config import Config
from reference.model import Weights
from reference.sgd import sgd
from reference.state import State, zeros_like
from reference.tape.machine import FlatState, FlatStep

from ..case import Case
from ..situations import DRAWS, Situations

LONGER: dict[str, Any] = {"num_steps": 5000}
OTHER: dict[str, Any] = {
    "learning_rate": 0.003,
    "beta1": 0.9,
    "beta2": 0.95,
    "eps_adam": 1e-6,
    "num_steps": 500,
}
"""Hyperparameters other than the published ones."""


def update_cases(situations: Situations) -> list[Case]:
    """Updates that the golden trace records, gradients at the edges, and fresh ones."""
    warm, trace = situations.warm, situations.trace
    recorded = {"cold-step-1": 0, "cold-step-2": 1, "cold-step-5": 4, f"warm-step-{warm + 1}": warm}
    return [
        *(
            _recorded_update(name, situations, step)
            for name, step in recorded.items()
            if trace.steps[step].full() and state_before(trace, step)
        ),
        *_updates_at_the_edges(situations),
        _fresh_update(situations),
    ]


def _recorded_update(name: str, situations: Situations, step: int) -> Case:
    trace = situations.trace
    about = f"makes the update of step {step + 1}, from the golden gradients"
    grads = recorded_steps(trace, step, 1)[0].evaluation.grads
    return _update(name, about, situations, situations.state_before(step), grads, trace.config)


def _updates_at_the_edges(situations: Situations) -> Iterator[Case]:
    state, config = situations.warm_state, situations.trace.config
    last = replace(state, step=config.num_steps - 1)
    about = "decays the learning rate to its last value"
    if config.optimizer == "adam":
        tiny = _drawn(state.weights, "tiny", 1e-8)
        fresh = State.initial(state.weights)
        nothing = zeros_like(state.weights)
        for name, what, before, grads in (
            ("tiny-gradients", "adds epsilon outside the root, where it shows", fresh, tiny),
            ("zero-gradients", "moves on by momentum where the gradient is 0", state, nothing),
            ("first-zero-gradients", "divides 0 by epsilon, not by 0", fresh, nothing),
        ):
            yield _update(name, what, situations, before, grads, config)
        about += f", and corrects the bias of step {config.num_steps}"
    yield _update("last-step", about, situations, last, _drawn(last.weights, "last", 1e-2), config)
    grads = _drawn(state.weights, "other", 1e-2)
    for name, about, step, other in (
        ("longer-training", "decays the learning rate over the steps asked for", 4999, LONGER),
        ("other-hyperparameters", "takes all hyperparameters of the question", 123, OTHER),
    ):
        changed = replace(config, **other)
        case = _update(name, about, situations, replace(state, step=step), grads, changed)
        yield replace(case, other_sizes=other is OTHER)


def _fresh_update(situations: Situations) -> Case:
    generator = random.Random(f"{situations.seed}/adam")
    state = situations.fresh_state(generator)
    grads = _drawn(state.weights, f"{situations.seed}/adam/gradients", 1e-2)
    about = "makes the update of a state and gradients drawn anew"
    return _update("fresh", about, situations, state, grads, situations.trace.config)


def _drawn(weights: Weights, seed: str, std: float) -> Weights:
    """Normal gradients shaped like the weights."""
    generator = random.Random(seed)
    return {
        name: [[generator.gauss(0, std) for _ in row] for row in rows]
        for name, rows in weights.items()
    }


def _update(
    name: str,
    about: str,
    situations: Situations,
    state: State,
    grads: Weights,
    config: Config,
) -> Case:
    grads = situations.representable(replace(state, weights=grads)).weights
    common: dict[str, Any] = {
        "profile": situations.trace.profile,
        "sizes": sizes_of(config),
        "optimizer": optimizer_of(config),
        "step": state.step,
        "weights": as_json(state.weights),
        "grads": as_json(grads),
    }
    is_adam = config.optimizer == "adam"
    moments = {"m": as_json(state.m), "v": as_json(state.v)}
    params = AdamParams(**common, **moments) if is_adam else SgdParams(**common)

    def answer(precision: Precision) -> Answer:
        after = (adam if is_adam else sgd)(state, grads, config)
        return of_update(state, grads, after, config, precision)

    method = config.optimizer
    return Case.fixed(f"{method}/{name}", about, method, params, answer)


def train_cases(situations: Situations) -> list[Case]:
    """Steps of the golden trajectory, a document index that wraps around, and fresh steps."""
    warm = situations.warm
    return [
        _cold_start(situations),
        _golden_run("warm-start", "goes on from a late state", situations, FreeRun(warm, 2)),
        _wrapping(situations),
        _fresh_training(situations),
        # Of a variation, the budgets of so many steps would take a minute.
        *([_hundred_steps(situations)] if situations.judged_program.is_published else []),
    ]


def _cold_start(situations: Situations) -> Case:
    run = short_runs(situations.trace)[0]
    number = {2: "two", 5: "five"}[run.count]
    return _golden_run("cold-start", f"takes the first {number} steps", situations, run)


def long_cases(situations: Situations) -> list[Case]:
    """The whole golden trajectory, run freely from kink to kink."""
    return [
        _losses_alone(f"trajectory-{number}", about_run(run), situations, run)
        for number, run in enumerate(runs_of(situations), 1)
    ]


def about_run(run: FreeRun) -> str:
    """What a right port does in a run."""
    return f"follows the losses of steps {run.first + 1} to {run.first + run.count}"


@dataclass(frozen=True)
class Training:
    """Steps from a state, one for each document, at machine speed."""

    situations: Situations
    state: FlatState
    documents: Sequence[Sequence[int]]

    @cached_property
    def steps(self) -> list[FlatStep]:
        """What the canonical program makes of them."""
        return list(self.situations.machine.follow(self.state, self.documents))

    def budgets(self) -> Budgets:
        """Derived now."""
        return run_budgets(
            self.situations.machine, self.state, self.documents, self.situations.precision
        )

    @property
    def has_kink(self) -> bool:
        """Whether rounding may turn a ReLU on the way."""
        precision = self.situations.precision
        return any(nearest_kink(step.replay, precision) for step in self.steps)

    def losses(self, budgets: Budgets) -> Answer:
        """The right notifications."""
        return of_losses(
            [step.replay.loss for step in self.steps],
            [step.learning_rate for step in self.steps],
            self.state.step,
            self.situations.trace.config,
            budgets["/losses"][: len(self.steps)],
            self.situations.precision,
        )

    def answer(self, budgets: Budgets) -> Answer:
        """The right notifications, and the state after."""
        after = self.steps[-1].state.named(self.situations.machine.shapes)
        return self.losses(budgets) | of_state(after, budgets)

    def question(self, documents: Sequence[Sequence[int]] | None = None) -> TrainParams:
        """The question for these steps; `documents` are their own, arranged in turn, or given."""
        state = self.state.named(self.situations.machine.shapes)
        own = in_turn(self.documents, state.step)
        asked = [list(d) for d in (own if documents is None else documents)]
        return train_question(self.situations.trace, state, asked, len(self.documents))


def runs_of(situations: Situations) -> list[FreeRun]:
    """The runs that make up the trajectory, as far as it is followed; of a variation, none."""
    if not situations.judged_program.is_published:
        return []
    return long_runs(situations.judged_program.name, situations.precision)


def golden_budgets_of(situations: Situations, run: FreeRun, precision: Precision) -> Budgets:
    """The golden budgets of a run; of a variation's, derived now."""
    if situations.judged_program.is_published:
        return golden_run_budgets(situations.judged_program.name, run, precision)
    return of_run(situations, run).budgets()


def of_run(situations: Situations, run: FreeRun) -> Training:
    """The steps of a run of the golden trajectory."""
    trajectory = Trajectory.of(situations.trace)
    state = rounded(trajectory.state_before(run.first), situations.precision)
    return Training(situations, state, trajectory.of_run(run))


def _golden_run(name: str, about: str, situations: Situations, run: FreeRun) -> Case:
    training = of_run(situations, run)

    def answer(precision: Precision) -> Answer:
        return training.answer(golden_budgets_of(situations, run, precision))

    return Case.fixed(f"train/{name}", about, "train", training.question(), answer)


def _losses_alone(
    name: str, about: str, situations: Situations, run: FreeRun, steps: int | None = None
) -> Case:
    """The first of a long run's steps, or all, of which the losses are judged."""
    training = of_run(situations, FreeRun(run.first, steps or run.count))

    def answer(precision: Precision) -> Answer:
        return training.losses(golden_budgets_of(situations, run, precision))

    return Case.fixed(f"train/{name}", about, "train", training.question(), answer)


def _hundred_steps(situations: Situations) -> Case:
    run = max(runs_of(situations), key=lambda run: min(run.count, LENGTH))
    about = "follows the losses of a hundred steps"
    return _losses_alone("hundred-steps", about, situations, run, min(run.count, LENGTH))


def _wrapping(situations: Situations) -> Case:
    trace = situations.trace
    state = FlatState.of(replace(situations.warm_state, step=1))
    documents = [trace.steps[step].tokens for step in range(3)]
    training = Training(situations, state, [documents[step % 3] for step in range(1, 5)])
    about = "starts over with the first document after the last one"
    return Case.fixed(
        "train/document-index-wraps",
        about,
        "train",
        training.question(documents),
        lambda _precision: training.answer(training.budgets()),
    )


def _fresh_training(situations: Situations) -> Case:
    generator = random.Random(f"{situations.seed}/train")
    drawn = (
        Training(
            situations,
            FlatState.of(situations.fresh_state(generator)),
            [situations.fresh_document(generator) for _ in range(3)],
        )
        for _ in range(DRAWS)
    )
    training = next(training for training in drawn if not training.has_kink)
    about = "takes three steps with documents from a state, all drawn anew"
    return Case.fixed(
        "train/fresh",
        about,
        "train",
        training.question(),
        lambda _precision: training.answer(training.budgets()),
    )


def train_question(
    trace: Trace, state: State, documents: list[list[int]], steps: int
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
        documents=documents,
        steps=steps,
        activation=activation_of(trace.profile, trace.config),
    )


def in_turn(documents: Sequence[Sequence[int]], first: int) -> list[Sequence[int]]:
    """The documents arranged so that step `first + k` takes the `k`-th of them."""
    count = len(documents)
    return [documents[(index - first) % count] for index in range(count)]
