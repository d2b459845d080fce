"""Adam (Kingma and Ba, 2015) with a learning rate that falls linearly to 0."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .layers import Array, Tensors


@dataclass(frozen=True)
class Optimizer:
    """Adam's hyperparameters."""

    learning_rate: float
    beta1: float
    beta2: float
    eps: float
    num_steps: int

    def rate(self, step: int) -> float:
        """The learning rate of a 0-based step."""
        return self.learning_rate * (1 - step / self.num_steps)


class State(NamedTuple):
    """What training carries from step to step: weights, and Adam's two running means."""

    weights: Tensors
    m: Tensors
    v: Tensors


def start(weights: Tensors) -> State:
    """The state before the first step: both running means are 0."""
    m = {name: np.zeros_like(w) for name, w in weights.items()}
    v = {name: np.zeros_like(w) for name, w in weights.items()}
    return State(weights, m, v)


def update(state: State, grads: Tensors, optimizer: Optimizer, step: int) -> State:
    """The state after a 0-based step. Rows without gradient move too, by their momentum."""
    weights: Tensors = {}
    m: Tensors = {}
    v: Tensors = {}
    for name, grad in grads.items():
        m[name] = optimizer.beta1 * state.m[name] + (1 - optimizer.beta1) * grad
        v[name] = optimizer.beta2 * state.v[name] + (1 - optimizer.beta2) * grad**2
        change = _direction(m[name], v[name], optimizer, step)
        weights[name] = state.weights[name] - optimizer.rate(step) * change
    return State(weights, m, v)


def _direction(m: Array, v: Array, optimizer: Optimizer, step: int) -> Array:
    """`m_hat / (sqrt(v_hat) + eps)`.

    The running means start at 0 and so lean towards it; after `t` updates they hold only
    `1 - beta ** t` of the weight, by which they are divided. `eps` stands outside the root.
    """
    m_hat = m / (1 - optimizer.beta1 ** (step + 1))
    v_hat = v / (1 - optimizer.beta2 ** (step + 1))
    return m_hat / (v_hat**0.5 + optimizer.eps)
