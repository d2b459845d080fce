"""What several mistakes are made of."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

import reference.model
from reference.model import Vector
from reference.tape.symbols import Symbol, Token, Unrecordable
from reference.value import Value


def softmax_with(denominator: Callable[[Vector], Value]) -> Callable[[Vector], Vector]:
    """A softmax whose exponentials are divided by something."""

    def softmax(logits: Vector) -> Vector:
        highest = reference.model.maximum(logits)
        exps = [(logit - highest).exp() for logit in logits]
        below = denominator(exps)
        return [e / below for e in exps]

    return softmax


def rmsnorm_with(scale_of: Callable[[Value], Value]) -> Callable[[Vector], Vector]:
    """A norm whose scale is a function of the mean square."""

    def rmsnorm(x: Vector) -> Vector:
        scale = scale_of(mean_square(x))
        return [xi * scale for xi in x]

    return rmsnorm


def mean_square(x: Vector) -> Value:
    """The mean of the squares."""
    return reference.model.dot(x, x) / len(x)


def root_below(square: Value) -> Value:
    """One over the root; infinity at 0, where Python has none."""
    if isinstance(square, Symbol) or square.data:
        root: Value = square**-0.5
        return root
    return Value(math.inf)


def detached(node: Value) -> Value:
    """The same value, into which no gradient flows."""
    return node.detached() if isinstance(node, Symbol) else Value(node.data)


def with_gradient_of(node: Value, other: Value) -> Value:
    """The value of a node, into which gradients flow as they do into another."""
    return detached(node) + (other - detached(other))


def without_tape(*nodes: object) -> None:
    """Keep a function from being recorded, which no tape holds as it is.

    Raises:
        Unrecordable: the nodes are symbols, or stand for tokens to come.
    """
    if any(isinstance(node, Symbol | Token) for node in nodes):
        raise Unrecordable("a mistake that no tape can hold")


def single(x: float) -> float:
    """The nearest number in single precision."""
    with np.errstate(all="ignore"):
        return float(np.float32(x))
