"""Rewrites: other honest ways to write the program's layers, for tapes of their own.

Where budgets are derived, some replicas are of rewritten programs: how a softmax is
written moves its rounding errors more than any other choice (the worst honest port known
differentiates through the maximum).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .. import model, training
from ..model import Vector, dot, maximum, pick, total
from ..value import Value
from .symbols import Symbol

Functions = dict[str, Callable[..., Any]]


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


CANONICAL = ""

REWRITES: dict[str, Functions] = {
    CANONICAL: {},
    "log-sum-exp": {
        "softmax": _softmax_of_log_sum,
        "cross_entropy": _cross_entropy_of_log_sum,
    },
    "through-maximum": {"softmax": _softmax_through_maximum},
    "one-reciprocal": {"softmax": _softmax_by_one_reciprocal, "rmsnorm": _rmsnorm_by_root},
}
"""The functions that each rewrite puts in the place of the program's own."""


@contextmanager
def rewritten(name: str) -> Iterator[None]:
    """The program with a rewrite's functions, while it is recorded."""
    with replaced(REWRITES[name]):
        yield


@contextmanager
def replaced(functions: Functions) -> Iterator[None]:
    """The program with other functions in place of its own, by their names, for a while."""
    own = [
        (module, name, getattr(module, name))
        for module in (model, training)
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
