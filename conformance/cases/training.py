"""Levels `adam` and `train`: one update from given gradients, and steps from a given state."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from golden.budgets import Precision
from golden.trace import Trace
from ports_adapter.messages import AdamParams, TrainParams
from reference.adam import State, adam, zeros_like
from reference.config import Config
from reference.model import Weights
from reference.training import Step, train

from ..case import Answer, Case
from ..expectation import of_adam, of_losses, of_training
from ..oracle import as_json, optimizer_of, sizes_of
from ..recorded import recorded_state, recorded_steps
from .situations import Situations

LONGER = Config(num_steps=5000)
OTHER = Config(learning_rate=0.003, beta1=0.9, beta2=0.95, eps_adam=1e-6, num_steps=500)


def adam_cases(situations: Situations) -> list[Case]:
    """Updates that the golden trace records, and gradients at the edges."""
    trace, warm = situations.trace, situations.warm
    recorded = {"cold-step-1": 0, "cold-step-2": 1, "cold-step-5": 4, f"warm-step-{warm + 1}": warm}
    return [
        *(_recorded_update(name, trace, step) for name, step in recorded.items()),
        *_updates_at_the_edges(situations),
    ]


def _recorded_update(name: str, trace: Trace, step: int) -> Case:
    taken = recorded_steps(trace, step, 1)[0]
    state = recorded_state(trace, step)
    about = f"makes the update of step {step + 1}, from the golden gradients"
    return _update(name, about, trace, state, taken.evaluation.grads, trace.config, taken.state)


def _updates_at_the_edges(situations: Situations) -> Iterator[Case]:
    trace, state = situations.trace, situations.warm_state
    config = trace.config
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
        yield _update(name, about, trace, before, grads, config, adam(before, grads, config))
    grads = _drawn(state.weights, "other", 1e-2)
    for name, about, step, other in (
        ("longer-training", "decays the learning rate over the steps asked for", 4999, LONGER),
        ("other-hyperparameters", "takes all hyperparameters of the question", 123, OTHER),
    ):
        before = replace(state, step=step)
        case = _update(name, about, trace, before, grads, other, adam(before, grads, other))
        yield replace(case, other_sizes=other is OTHER)


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
    trace: Trace,
    state: State,
    grads: Weights,
    config: Config,
    updated: State,
) -> Case:
    params = AdamParams(
        profile=trace.profile,
        optimizer=optimizer_of(config),
        step=state.step,
        weights=as_json(state.weights),
        m=as_json(state.m),
        v=as_json(state.v),
        grads=as_json(grads),
    )

    def answer(precision: Precision) -> Answer:
        return of_adam(state, grads, updated, config, precision)

    return Case.fixed(f"adam/{name}", about, "adam", params, answer)


def train_cases(situations: Situations) -> list[Case]:
    """Steps that the golden trace records, and a document index that wraps around."""
    trace, warm = situations.trace, situations.warm
    return [
        _recorded_training("cold-start", "takes the first five steps", trace, 0, 5),
        _recorded_training("warm-start", "goes on from a late state", trace, warm, 2),
        _wrapping(situations),
        _hundred_steps(trace),
    ]


def _recorded_training(name: str, about: str, trace: Trace, first: int, count: int) -> Case:
    steps = recorded_steps(trace, first, count)
    documents = in_turn([step.tokens for step in steps], first)
    return _training(name, about, trace, recorded_state(trace, first), documents, steps)


def _wrapping(situations: Situations) -> Case:
    trace = situations.trace
    state = replace(situations.warm_state, step=1)
    documents = [trace.steps[step].tokens for step in range(3)]
    about = "starts over with the first document after the last one"

    def answer(precision: Precision) -> Answer:
        steps = list(islice(train(state, documents, trace.config), 4))
        return of_training(steps, state, trace.config, precision)

    params = train_question(trace, state, documents, 4)
    return Case.fixed("train/document-index-wraps", about, "train", params, answer)


def _hundred_steps(trace: Trace) -> Case:
    steps = trace.steps[:100]
    state = recorded_state(trace, 0)
    params = train_question(trace, state, [step.tokens for step in steps], len(steps))

    def answer(precision: Precision) -> Answer:
        losses = [float(step.loss) for step in steps]
        rates = [step.learning_rate for step in steps]
        return of_losses(losses, rates, 0, trace.config, precision)

    about = "follows the losses of a hundred steps"
    return Case.fixed("train/hundred-steps", about, "train", params, answer)


def _training(
    name: str,
    about: str,
    trace: Trace,
    state: State,
    documents: list[list[int]],
    steps: Sequence[Step],
) -> Case:
    params = train_question(trace, state, documents, len(steps))

    def answer(precision: Precision) -> Answer:
        return of_training(steps, state, trace.config, precision)

    return Case.fixed(f"train/{name}", about, "train", params, answer)


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


def in_turn(documents: list[list[int]], first: int) -> list[list[int]]:
    """The documents arranged so that step `first + k` takes the `k`-th of them."""
    count = len(documents)
    return [documents[(index - first) % count] for index in range(count)]
