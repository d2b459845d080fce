"""What several mistakes are made of: the program's functions with one thing left open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reference.model
from reference.adam import State, zeros_like
from reference.config import Config
from reference.model import Vector, Weights
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
        scale = scale_of(reference.model.total([xi * xi for xi in x]) / len(x))
        return [xi * scale for xi in x]

    return rmsnorm


def adam_with(update: Callable[[float, float, int, Config], float]) -> Any:
    """Adam whose update, before the learning rate, is a function of m, v, step, configuration."""

    def adam(state: State, grads: Weights, config: Config) -> State:
        weights, m, v = zeros_like(grads), zeros_like(grads), zeros_like(grads)
        for name, rows in grads.items():
            for i, row in enumerate(rows):
                for j, g in enumerate(row):
                    mi = config.beta1 * state.m[name][i][j] + (1 - config.beta1) * g
                    vi = config.beta2 * state.v[name][i][j] + (1 - config.beta2) * g**2
                    rate = config.learning_rate_at(state.step)
                    moved = rate * update(mi, vi, state.step, config)
                    weights[name][i][j] = state.weights[name][i][j] - moved
                    m[name][i][j], v[name][i][j] = mi, vi
        return State(state.step + 1, weights, m, v)

    return adam
