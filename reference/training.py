"""Loss, gradients and training steps, from plain numbers to plain numbers."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .adam import State, adam
from .config import Config
from .model import (
    Cache,
    Floats,
    Matrix,
    Nodes,
    Tap,
    Vector,
    Weights,
    cross_entropy,
    gpt,
    no_tap,
    total,
)
from .value import Value

Intermediates = dict[str, list[list[float]] | list[Floats]]
"""By name (`reference.model`), then by position: a vector, or one vector a head."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the model makes of one document.

    `logits` is `[positions][vocab_size]`, `losses` `[positions]`, `loss` their mean in
    nats; `grads` are shaped like the weights. `intermediates` holds the values and
    `intermediate_grads` the derivatives of `loss` at every named node.
    """

    logits: Floats
    losses: list[float]
    loss: float
    grads: Weights
    intermediates: Intermediates = field(repr=False)
    intermediate_grads: Intermediates = field(repr=False)


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
    """Logits and loss at every position of one document, cut at the block size; the mean loss."""
    cache = Cache(config.n_layer)
    logits, losses = [], []
    n = min(config.block_size, len(tokens) - 1)
    for position in range(n):
        logits.append(gpt(tokens[position], position, cache, weights, config, tap))
        losses.append(cross_entropy(logits[-1], tokens[position + 1]))
    return logits, losses, (1 / n) * total(losses)


@collector_paused()
def evaluate(weights: Weights, tokens: Sequence[int], config: Config) -> Evaluation:
    """Forward and backward through one document, cut at the block size."""
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


def train(state: State, documents: Sequence[Sequence[int]], config: Config) -> Iterator[Step]:
    """Steps from `state` on up to `config.num_steps`, one tokenised document a step.

    Step `k` takes document `k % len(documents)`.
    """
    while state.step < config.num_steps:
        index, tokens = state.step, list(documents[state.step % len(documents)])
        evaluation = evaluate(state.weights, tokens, config)
        state = adam(state, evaluation.grads, config)
        yield Step(index, tokens, config.learning_rate_at(index), evaluation, state)
