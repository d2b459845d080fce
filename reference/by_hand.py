"""Stage `train1`: the MLP's gradient written out by hand, in plain floats, and its check.

The core is loops over rows and indices, the same for nested lists and for arrays, so that it
can be compiled as it stands (`reference.tape.by_hand`). The weights are those of `Config.shapes`,
in that order: `wte` `[vocab_size][width]`, `mlp_fc1` `[units][width]`, `mlp_fc2`
`[vocab_size][units]`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .evaluation import Evaluation, Intermediates, mean
from .model import Floats, Weights
from .state import zeros_like

EPSILON = 1e-5
"""By how much a weight is moved for a numerical difference."""


def forward_at(
    token: int, wte: Any, fc1: Any, fc2: Any, hidden: Any, active: Any, logits: Any
) -> None:
    """The MLP on one token; writes its units before and after relu, and the logits."""
    for unit in range(len(fc1)):
        total = 0.0
        for k in range(len(wte[token])):
            total += fc1[unit][k] * wte[token][k]
        hidden[unit] = total
        active[unit] = total if total > 0 else 0.0
    for row in range(len(fc2)):
        total = 0.0
        for unit in range(len(fc1)):
            total += fc2[row][unit] * active[unit]
        logits[row] = total


def to_probabilities(logits: Any, p: Any) -> None:
    """Softmax of `logits` into `p`, both `[vocab_size]`; they may be the same."""
    highest = logits[0]
    for row in range(1, len(logits)):
        if logits[row] > highest:
            highest = logits[row]
    total = 0.0
    for row in range(len(logits)):
        p[row] = math.exp(logits[row] - highest)
        total += p[row]
    for row in range(len(logits)):
        p[row] = p[row] / total


def backward_at(
    token: int, target: int, n: int, wte: Any, fc1: Any, fc2: Any,
    hidden: Any, active: Any, p: Any, d_logits: Any, d_active: Any, d_hidden: Any,
    d_wte: Any, d_fc1: Any, d_fc2: Any,
) -> None:  # fmt: skip
    """What one of `n` positions adds to the gradient of the mean loss, layer by layer.

    The derivatives by this position's logits, active and hidden units are written, those by
    the weights added to.
    """
    for row in range(len(fc2)):
        d_logits[row] = p[row] / n
    d_logits[target] -= 1.0 / n
    for unit in range(len(fc1)):
        d_active[unit] = 0.0
    for row in range(len(fc2)):
        for unit in range(len(fc1)):
            d_fc2[row][unit] += d_logits[row] * active[unit]
            d_active[unit] += fc2[row][unit] * d_logits[row]
    for unit in range(len(fc1)):
        d_hidden[unit] = d_active[unit] * (1.0 if hidden[unit] > 0 else 0.0)
    for k in range(len(wte[token])):
        total = 0.0
        for unit in range(len(fc1)):
            total += fc1[unit][k] * d_hidden[unit]
        d_wte[token][k] += total
    for unit in range(len(fc1)):
        for k in range(len(wte[token])):
            d_fc1[unit][k] += d_hidden[unit] * wte[token][k]


def at_each_position(
    tokens: Any, wte: Any, fc1: Any, fc2: Any,
    hidden: Any, active: Any, logits: Any, losses: Any,
    d_hidden: Any, d_active: Any, d_logits: Any, d_wte: Any, d_fc1: Any, d_fc2: Any,
) -> None:  # fmt: skip
    """Forward and backward through one document; all but its tokens and the weights is written."""
    n = len(losses)
    for position in range(n):
        token, target = tokens[position], tokens[position + 1]
        forward_at(token, wte, fc1, fc2, hidden[position], active[position], logits[position])
        p = logits[position].copy()
        to_probabilities(logits[position], p)
        losses[position] = -math.log(p[target])
        backward_at(
            token, target, n, wte, fc1, fc2, hidden[position], active[position], p,
            d_logits[position], d_active[position], d_hidden[position], d_wte, d_fc1, d_fc2,
        )  # fmt: skip


def loss_of(
    tokens: Any, wte: Any, fc1: Any, fc2: Any, hidden: Any, active: Any, p: Any, losses: Any
) -> float:
    """The mean loss of one document, forward alone; the last four are written."""
    for position in range(len(losses)):
        forward_at(tokens[position], wte, fc1, fc2, hidden, active, p)
        to_probabilities(p, p)
        losses[position] = -math.log(p[tokens[position + 1]])
    return mean(losses)


def numerical_gradient(
    tokens: Any, wte: Any, fc1: Any, fc2: Any, d_wte: Any, d_fc1: Any, d_fc2: Any,
    hidden: Any, active: Any, p: Any, losses: Any,
) -> float:  # fmt: skip
    """How much each weight alone moves the loss, by one-sided differences, and the loss itself.

    The weights are moved by `EPSILON` one after the other, and put back.
    """
    loss = loss_of(tokens, wte, fc1, fc2, hidden, active, p, losses)
    for matrix, gradient in ((wte, d_wte), (fc1, d_fc1), (fc2, d_fc2)):
        for i in range(len(matrix)):
            for j in range(len(matrix[i])):
                weight = matrix[i][j]
                matrix[i][j] = weight + EPSILON
                moved = loss_of(tokens, wte, fc1, fc2, hidden, active, p, losses)
                gradient[i][j] = (moved - loss) / EPSILON
                matrix[i][j] = weight
    return loss


def evaluate(weights: Weights, tokens: Sequence[int]) -> Evaluation:
    """Forward and backward through one document."""
    n, units, vocab_size = len(tokens) - 1, len(weights["mlp_fc1"]), len(weights["mlp_fc2"])
    hidden, active, d_hidden, d_active = (_zeros(n, units) for _ in range(4))
    logits, d_logits, losses = _zeros(n, vocab_size), _zeros(n, vocab_size), [0.0] * n
    grads = zeros_like(weights)
    at_each_position(
        tokens, *matrices(weights), hidden, active, logits, losses, d_hidden, d_active, d_logits,
        *matrices(grads),
    )  # fmt: skip
    values: Intermediates = {"mlp_hidden": hidden, "mlp_activation": active, "logits": logits}
    derivatives: Intermediates = {
        "mlp_hidden": d_hidden,
        "mlp_activation": d_active,
        "logits": d_logits,
    }
    return Evaluation(logits, losses, mean(losses), grads, values, derivatives)


@dataclass(frozen=True, slots=True)
class Check:
    """A gradient against numerical differences: both losses, and the largest difference."""

    numerical_loss: float
    loss: float
    largest_difference: float


def check(weights: Weights, tokens: Sequence[int]) -> Check:
    """Hold the gradient of one document's loss against numerical differences."""
    evaluation = evaluate(weights, tokens)
    moved = {name: [list(row) for row in matrix] for name, matrix in weights.items()}
    grads, units = zeros_like(weights), len(weights["mlp_fc1"])
    loss = numerical_gradient(
        tokens, *matrices(moved), *matrices(grads), [0.0] * units, [0.0] * units,
        [0.0] * len(weights["mlp_fc2"]), [0.0] * (len(tokens) - 1),
    )  # fmt: skip
    differences = (
        abs(x - y)
        for name in grads
        for row, other in zip(grads[name], evaluation.grads[name], strict=True)
        for x, y in zip(row, other, strict=True)
    )
    return Check(loss, evaluation.loss, max(differences))


def logits_of(weights: Weights, token: int) -> list[float]:
    """The logits after a token, `[vocab_size]`."""
    hidden, logits = [0.0] * len(weights["mlp_fc1"]), [0.0] * len(weights["mlp_fc2"])
    forward_at(token, *matrices(weights), hidden, list(hidden), logits)
    return logits


def softmax(logits: Sequence[float]) -> list[float]:
    """Probabilities of the same length."""
    p = [0.0] * len(logits)
    to_probabilities(logits, p)
    return p


def matrices(weights: Weights) -> tuple[Floats, Floats, Floats]:
    """The MLP's weights in their order."""
    return weights["wte"], weights["mlp_fc1"], weights["mlp_fc2"]


def _zeros(rows: int, columns: int) -> Floats:
    return [[0.0] * columns for _ in range(rows)]
