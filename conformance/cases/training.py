"""Levels `adam` and `train`: one update from given gradients, and steps from a given state."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from golden.budgets import Precision
from golden.derived import Budgets, run_budgets
from golden.goldens import long_runs
from golden.goldens import run_budgets as golden_run_budgets
from golden.trace import Trace
from golden.trajectories import FreeRun, Trajectory, nearest_kink, rounded
from ports_adapter.messages import AdamParams, TrainParams
from reference.adam import State, adam, zeros_like
from reference.config import Config
from reference.model import Weights
from reference.tape.machine import FlatState, FlatStep

from ..case import Answer, Case
from ..expectation import of_adam, of_losses, of_state
from ..oracle import as_json, optimizer_of, sizes_of
from ..recorded import recorded_steps
from .situations import DRAWS, Situations

LONGER = Config(num_steps=5000)
OTHER = Config(learning_rate=0.003, beta1=0.9, beta2=0.95, eps_adam=1e-6, num_steps=500)


def adam_cases(situations: Situations) -> list[Case]:
    """Updates that the golden trace records, gradients at the edges, and fresh ones."""
    warm = situations.warm
    recorded = {"cold-step-1": 0, "cold-step-2": 1, "cold-step-5": 4, f"warm-step-{warm + 1}": warm}
    return [
        *(_recorded_update(name, situations, step) for name, step in recorded.items()),
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
    tiny = _drawn(state.weights, "tiny", 1e-8)
    fresh = State.initial(state.weights)
    nothing = zeros_like(state.weights)
    for name, about, before, grads in (
        ("tiny-gradients", "adds epsilon outside the root, where it shows", fresh, tiny),
        ("zero-gradients", "moves on by momentum where the gradient is 0", state, nothing),
        ("first-zero-gradients", "divides 0 by epsilon, not by 0", fresh, nothing),
        (
            "last-step",
            "decays the learning rate to its last value, and corrects the bias of step 1000",
            replace(state, step=config.num_steps - 1),
            _drawn(state.weights, "last", 1e-2),
        ),
    ):
        yield _update(name, about, situations, before, grads, config)
    grads = _drawn(state.weights, "other", 1e-2)
    for name, about, step, other in (
        ("longer-training", "decays the learning rate over the steps asked for", 4999, LONGER),
        ("other-hyperparameters", "takes all hyperparameters of the question", 123, OTHER),
    ):
        case = _update(name, about, situations, replace(state, step=step), grads, other)
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
    params = AdamParams(
        profile=situations.trace.profile,
        sizes=sizes_of(config),
        optimizer=optimizer_of(config),
        step=state.step,
        weights=as_json(state.weights),
        m=as_json(state.m),
        v=as_json(state.v),
        grads=as_json(grads),
    )

    def answer(precision: Precision) -> Answer:
        return of_adam(state, grads, adam(state, grads, config), config, precision)

    return Case.fixed(f"adam/{name}", about, "adam", params, answer)


def train_cases(situations: Situations) -> list[Case]:
    """Steps of the golden trajectory, a document index that wraps around, and fresh steps."""
    warm = situations.warm
    return [
        _golden_run("cold-start", "takes the first five steps", situations, FreeRun(0, 5)),
        _golden_run("warm-start", "goes on from a late state", situations, FreeRun(warm, 2)),
        _wrapping(situations),
        _fresh_training(situations),
        _hundred_steps(situations),
    ]


def long_cases(situations: Situations) -> list[Case]:
    """The whole golden trajectory, run freely from kink to kink."""
    return [
        _losses_alone(f"trajectory-{number}", about_run(run), situations, run)
        for number, run in enumerate(long_runs(situations.precision), 1)
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


def of_run(situations: Situations, run: FreeRun) -> Training:
    """The steps of a run of the golden trajectory."""
    trajectory = Trajectory.of(situations.trace)
    state = rounded(trajectory.state_before(run.first), situations.precision)
    return Training(situations, state, trajectory.of_run(run))


def _golden_run(name: str, about: str, situations: Situations, run: FreeRun) -> Case:
    training = of_run(situations, run)

    def answer(precision: Precision) -> Answer:
        return training.answer(golden_run_budgets(run, precision))

    return Case.fixed(f"train/{name}", about, "train", training.question(), answer)


def _losses_alone(
    name: str, about: str, situations: Situations, run: FreeRun, steps: int | None = None
) -> Case:
    """The first of a long run's steps, or all, of which the losses are judged."""
    training = of_run(situations, FreeRun(run.first, steps or run.count))

    def answer(precision: Precision) -> Answer:
        return training.losses(golden_run_budgets(run, precision))

    return Case.fixed(f"train/{name}", about, "train", training.question(), answer)


def _hundred_steps(situations: Situations) -> Case:
    run = next(run for run in long_runs(situations.precision) if run.count >= 100)
    about = "follows the losses of a hundred steps"
    return _losses_alone("hundred-steps", about, situations, run, 100)


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
    )


def in_turn(documents: Sequence[Sequence[int]], first: int) -> list[Sequence[int]]:
    """The documents arranged so that step `first + k` takes the `k`-th of them."""
    count = len(documents)
    return [documents[(index - first) % count] for index in range(count)]
