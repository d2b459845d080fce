"""Levels `sgd` and `adam`: one update of the weights from given gradients."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.anatomy.golden_values import recorded_steps
from conformance.oracle.answer import Answer
from conformance.oracle.expected_answer import update_answer
from conformance.oracle.reference_answer import as_json, optimizer_of, sizes_of
from golden.budgets import Precision
from golden.trace import state_before
from ports_adapter.messages import AdamParams, SgdParams
from reference.adam import adam
from reference.config import Config
from reference.model import Weights
from reference.sgd import sgd
from reference.state import State, zeros_like

from ..case import Case
from ..situation import mapped
from ..situations import Situations

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
    """Updates that the golden trace records, updates at the edges, and a fresh one."""
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
    return mapped(weights, lambda _: generator.gauss(0, std))


def _update(
    name: str, about: str, situations: Situations, state: State, grads: Weights, config: Config
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
        return update_answer(state, grads, after, config, precision)

    method = config.optimizer
    return Case.fixed(f"{method}/{name}", about, method, params, answer)
