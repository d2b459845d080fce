"""Building blocks that several mistakes share."""

import math
from collections.abc import Callable

import numpy as np

import reference.model
from reference.model import Vector, Weights
from reference.tape.symbols import Symbol, Token, Unrecordable
from reference.value import Value


def softmax_with(denominator: Callable[[Vector], Value]) -> Callable[[Vector], Vector]:
    """A softmax that divides its exponentials `[n]` by another denominator."""

    def softmax(logits: Vector) -> Vector:
        highest = reference.model.maximum(logits)
        exps = [(logit - highest).exp() for logit in logits]
        divisor = denominator(exps)
        return [e / divisor for e in exps]

    return softmax


def rmsnorm_with(scale_of: Callable[[Value], Value]) -> Callable[[Vector], Vector]:
    """A norm whose scale is another function of the mean square."""

    def rmsnorm(x: Vector) -> Vector:
        scale = scale_of(mean_square(x))
        return [xi * scale for xi in x]

    return rmsnorm


def mean_square(x: Vector) -> Value:
    """The mean of the squares of a vector."""
    return reference.model.dot(x, x) / len(x)


def root_below(square: Value) -> Value:
    """`square ** -0.5`, and infinity at 0, where Python raises an error."""
    if isinstance(square, Symbol) or square.data:
        root: Value = square**-0.5
        return root
    return Value(math.inf)


def detached(node: Value) -> Value:
    """A node with the same value that no gradient flows through."""
    return node.detached() if isinstance(node, Symbol) else Value(node.data)


def constants(nodes: Vector) -> Vector:
    """Nodes with the same values that no gradient flows through."""
    return [detached(node) for node in nodes]


def with_gradient_of(node: Value, other: Value) -> Value:
    """A node with the value of one node and the gradients of another."""
    return detached(node) + (other - detached(other))


def without_tape(*nodes: object) -> None:
    """Refuse to be recorded on a tape: for mistakes that compute with the nodes' values.

    Raises:
        Unrecordable: a node is a symbol or a token of a recording.
    """
    if any(isinstance(node, Symbol | Token) for node in nodes):
        raise Unrecordable("a mistake that no tape can hold")


def elementwise(
    function: Callable[..., float], first: Weights, *others: Weights
) -> dict[str, list[list[float]]]:
    """Apply a function to the corresponding numbers of matrices `{name: [rows][columns]}`."""
    return {
        name: [
            [function(*numbers) for numbers in zip(*rows, strict=True)]
            for rows in zip(matrix, *(other[name] for other in others), strict=True)
        ]
        for name, matrix in first.items()
    }


def single(x: float) -> float:
    """The nearest single-precision number."""
    with np.errstate(all="ignore"):
        return float(np.float32(x))
