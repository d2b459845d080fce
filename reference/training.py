"""Loss, gradients and training steps, from plain numbers to plain numbers."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from . import by_hand, counting
from .adam import adam
from .config import Config
from .evaluation import Evaluation
from .model import (
    Cache,
    Matrix,
    Nodes,
    Tap,
    Vector,
    Weights,
    cross_entropy,
    next_token,
    no_tap,
    total,
)
from .sgd import sgd
from .state import State
from .value import Value


@dataclass(frozen=True, slots=True)
class Step:
    """One training step: its 0-based `index`, its tokens, and the state that it leads to."""

    index: int
    tokens: list[int]
    learning_rate: float
    evaluation: Evaluation
    state: State


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without the cyclic garbage collector: a graph has no cycles, and scanning it takes long."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def document_loss(
    weights: Nodes, tokens: Sequence[int], config: Config, tap: Tap = no_tap
) -> tuple[list[Vector], Vector, Value]:
    """Logits and loss at every position of one document, as far as it counts; the mean loss."""
    cache = Cache(config.n_layer)
    logits, losses = [], []
    n = config.positions(tokens)
    for position in range(n):
        logits.append(next_token(tokens[position], position, cache, weights, config, tap))
        losses.append(cross_entropy(logits[-1], tokens[position + 1]))
    return logits, losses, (1 / n) * total(losses)


def evaluate(weights: Weights, tokens: Sequence[int], config: Config) -> Evaluation:
    """Forward and backward through one document, its gradient had as the configuration says."""
    match config.gradient:
        case "none":
            return counting.evaluate(weights, tokens)
        case "by-hand":
            return by_hand.evaluate(weights, tokens)
    return differentiate(weights, tokens, config)


@collector_paused()
def differentiate(weights: Weights, tokens: Sequence[int], config: Config) -> Evaluation:
    """Forward through one document, and backward through the graph that this leaves."""
    nodes = {name: [[Value(w) for w in row] for row in matrix] for name, matrix in weights.items()}
    seen: dict[str, list[Vector | Matrix]] = {}

    def tap(name: str, value: Vector | Matrix) -> None:
        seen.setdefault(name, []).append(value)

    logits, losses, loss = document_loss(nodes, tokens, config, tap)
    loss.backward()
    return Evaluation(
        logits=[[node.data for node in row] for row in logits],
        losses=[node.data for node in losses],
        loss=loss.data,
        grads={name: grads(matrix) for name, matrix in nodes.items()},
        intermediates={name: data(values) for name, values in seen.items()},
        intermediate_grads={name: grads(values) for name, values in seen.items()},
    )


def data(nodes: Any) -> Any:
    """The values of nested lists of nodes, nested alike."""
    return nodes.data if isinstance(nodes, Value) else [data(node) for node in nodes]


def grads(nodes: Any) -> Any:
    """The gradients of nested lists of nodes, nested alike."""
    return nodes.grad if isinstance(nodes, Value) else [grads(node) for node in nodes]


def initial_state(weights: Weights, config: Config) -> State:
    """The state before the first step: moments, if the optimiser keeps any, are 0."""
    return State.initial(weights) if config.optimizer == "adam" else State.without_moments(weights)


def updated(state: State, tokens: Sequence[int], evaluation: Evaluation, config: Config) -> State:
    """The state after a step on one document, by the configuration's optimiser."""
    match config.optimizer:
        case "counting":
            return counting.count(state, tokens)
        case "sgd":
            return sgd(state, evaluation.grads, config)
    return adam(state, evaluation.grads, config)


def train(state: State, documents: Sequence[Sequence[int]], config: Config) -> Iterator[Step]:
    """Steps from `state` on up to `config.num_steps`, one tokenised document a step.

    Step `k` takes document `k % len(documents)`.
    """
    while state.step < config.num_steps:
        index, tokens = state.step, list(documents[state.step % len(documents)])
        evaluation = evaluate(state.weights, tokens, config)
        state = updated(state, tokens, evaluation, config)
        yield Step(index, tokens, config.learning_rate_at(index), evaluation, state)
