"""The hand-derived gradient of stage `train1` at machine speed: its source, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import by_hand, evaluation
from ..by_hand import Check
from .kernels import compiled
from .replay import Floats
from .tape import Tape

Shapes = dict[str, tuple[int, int]]

_parts = {
    function.__name__: compiled(function)
    for function in (
        by_hand.forward_at,
        by_hand.to_probabilities,
        by_hand.backward_at,
        evaluation.mean,
    )
}
_mean = _parts["mean"]
_at_each_position = compiled(by_hand.at_each_position, **_parts)
_loss_of = compiled(by_hand.loss_of, **_parts)
_numerical_gradient = compiled(by_hand.numerical_gradient, loss_of=_loss_of)


def replay(tape: Tape, shapes: Shapes, weights: Floats, tokens: Any) -> tuple[Floats, Floats]:
    """The values and gradients of a tape's observables, computed by the hand-written program.

    Args:
        tape: the tape of the same model, which gives the slots of the observables.
        shapes: the shapes of the weights.
        weights: the weights, flat.
        tokens: the tokens of the document.
    """
    values, gradients = np.zeros(tape.num_slots), np.zeros(tape.num_slots)
    n, (vocab_size, units) = tape.positions, shapes["mlp_fc2"]
    hidden, active, d_hidden, d_active = (np.zeros((n, units)) for _ in range(4))
    logits, d_logits, losses = np.zeros((n, vocab_size)), np.zeros((n, vocab_size)), np.zeros(n)
    _at_each_position(
        np.asarray(tokens, np.int64), *matrices(weights, shapes), hidden, active, logits, losses,
        d_hidden, d_active, d_logits, *matrices(gradients, shapes),
    )  # fmt: skip
    values[: weights.size] = weights
    for name, value, gradient in (
        ("mlp_hidden", hidden, d_hidden),
        ("mlp_activation", active, d_active),
        ("logits", logits, d_logits),
    ):
        values[tape.values[f"/intermediates/{name}"]] = value
        gradients[tape.gradients[f"/intermediate_grads/{name}"]] = gradient
    values[tape.values["/losses"]] = losses
    values[tape.root] = _mean(losses)
    return values, gradients


def check(shapes: Shapes, weights: Floats, replayed: Any, tokens: Any) -> Check:
    """Compare the gradient of one document's loss with numerical differences.

    `replayed` has the `loss` of the document and the flat gradients, `grads`.
    """
    grads = np.zeros(weights.size)
    vocab_size, units = shapes["mlp_fc2"]
    loss = _numerical_gradient(
        np.asarray(tokens, np.int64), *matrices(weights.copy(), shapes), *matrices(grads, shapes),
        np.zeros(units), np.zeros(units), np.zeros(vocab_size), np.zeros(len(tokens) - 1),
    )  # fmt: skip
    return Check(loss, replayed.loss, float(np.abs(grads - replayed.grads).max()))


def matrices(flat: Floats, shapes: Shapes) -> list[Floats]:
    """The matrices of a flat array, as views."""
    found, start = [], 0
    for rows, columns in shapes.values():
        found.append(flat[start : start + rows * columns].reshape(rows, columns))
        start += rows * columns
    return found
