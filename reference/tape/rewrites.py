"""Rewrites: other honest ways to write the layers of the program, each recorded as a tape.

When budgets are derived, some replicas use rewritten layers. The way a softmax is written changes
its rounding errors more than any other choice; the known honest port with the largest errors
differentiates through the maximum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import activation, model, training
from ..activation import ACTIVATIONS
from ..model import Vector, dot, maximum, pick, total
from ..value import Value
from .symbols import Symbol

Functions = dict[str, Any]


def _softmax_of_log_sum(logits: Vector) -> Vector:
    log_sum = _log_sum_exp(logits)
    return [(logit - log_sum).exp() for logit in logits]


def _log_sum_exp(logits: Vector) -> Value:
    highest = maximum(logits)
    return total([(logit - highest).exp() for logit in logits]).log() + highest


def _cross_entropy_of_log_sum(logits: Vector, target: int) -> Value:
    return _log_sum_exp(logits) - pick(logits, target)


def _softmax_through_maximum(logits: Vector) -> Vector:
    highest = Symbol.live_maximum(logits)
    exps = [(logit - highest).exp() for logit in logits]
    denominator = total(exps)
    return [e / denominator for e in exps]


def _softmax_by_one_reciprocal(logits: Vector) -> Vector:
    highest = maximum(logits)
    exps = [(logit - highest).exp() for logit in logits]
    reciprocal = total(exps) ** -1
    return [e * reciprocal for e in exps]


def _rmsnorm_by_root(x: Vector) -> Vector:
    root = (dot(x, x) / len(x) + 1e-5) ** 0.5
    return [xi / root for xi in x]


def _softmax_by_hand(logits: Vector) -> Vector:
    """Weights by the log of the sum, whose total may differ from 1, and the gradient from them."""
    log_sum = _log_sum_exp(logits)
    weights = [_detached((logit - log_sum).exp()) for logit in logits]
    mean = dot(weights, logits)
    return [
        _with_gradient_of(weight, weight * (logit - mean))
        for weight, logit in zip(weights, logits, strict=True)
    ]


def _cross_entropy_by_hand(logits: Vector, target: int) -> Value:
    """The gradient is the probabilities, minus 1 at the target."""
    log_sum = _detached(_log_sum_exp(logits))
    weights = [_detached((logit - log_sum).exp()) for logit in logits]
    picked = pick(logits, target)
    return _with_gradient_of(log_sum - _detached(picked), dot(weights, logits) - picked)


def _gelu_by_tanh(x: Value) -> Value:
    """GELU by the hyperbolic tangent, the usual form, which loses digits near -1 and 1.

    The slope uses `1 - tanh**2`, as automatic differentiation and most formulas do.
    """
    inner = (x + x**3 * 0.044715) * math.sqrt(2 / math.pi)
    tanh = _detached(1 - 2 / ((inner * 2).exp() + 1))
    rate = (x * x * (3 * 0.044715) + 1) * math.sqrt(2 / math.pi)
    slope = (tanh + 1) * 0.5 + x * (1 - tanh * tanh) * rate * 0.5
    return _with_gradient_of(_detached(x * (tanh + 1) * 0.5), _detached(slope) * x)


def _detached(value: Value) -> Value:
    assert isinstance(value, Symbol)
    return value.detached()


def _with_gradient_of(value: Value, other: Value) -> Value:
    """The value, through which gradients flow as through another; their difference is 0."""
    return value + (other - _detached(other))


BY_TANH = ACTIVATIONS | {"gelu": _gelu_by_tanh}

CANONICAL = ""

REWRITES: dict[str, Functions] = {
    CANONICAL: {},
    "log-sum-exp": {
        "softmax": _softmax_of_log_sum,
        "cross_entropy": _cross_entropy_of_log_sum,
        "ACTIVATIONS": BY_TANH,
    },
    "through-maximum": {"softmax": _softmax_through_maximum},
    "by-hand": {
        "softmax": _softmax_by_hand,
        "cross_entropy": _cross_entropy_by_hand,
        "ACTIVATIONS": BY_TANH,
    },
    "one-reciprocal": {"softmax": _softmax_by_one_reciprocal, "rmsnorm": _rmsnorm_by_root},
}
"""The functions with which each rewrite replaces functions of the program."""


@contextmanager
def rewritten(name: str) -> Iterator[None]:
    """Within the `with` block, the program has the functions of a rewrite."""
    with replaced(REWRITES[name]):
        yield


@contextmanager
def replaced(functions: Functions) -> Iterator[None]:
    """Within the `with` block, functions of the program are replaced, by name."""
    own = [
        (module, name, getattr(module, name))
        for module in (activation, model, training)
        for name in functions
        if hasattr(module, name)
    ]
    for module, name, _ in own:
        setattr(module, name, functions[name])
    try:
        yield
    finally:
        for module, name, function in own:
            setattr(module, name, function)
