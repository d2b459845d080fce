"""The optimiser: Adam with bias correction, epsilon outside the square root."""

from __future__ import annotations

from dataclasses import dataclass

from .config import Config
from .model import Weights


@dataclass(frozen=True, slots=True)
class State:
    """What training carries from step to step.

    `step` counts the updates so far; `m` and `v` are the running first and second moments
    of the gradients, shaped like the weights.
    """

    step: int
    weights: Weights
    m: Weights
    v: Weights

    @classmethod
    def initial(cls, weights: Weights) -> State:
        """The state before the first step: both moments 0."""
        return cls(0, weights, zeros_like(weights), zeros_like(weights))


def zeros_like(weights: Weights) -> Weights:
    """Zeros by the same names and of the same shapes."""
    return {name: [[0.0] * len(row) for row in matrix] for name, matrix in weights.items()}


def adam(state: State, gradients: Weights, config: Config) -> State:
    """One update (Kingma and Ba 2015, algorithm 1), element by element, as powers."""
    learning_rate = config.learning_rate_at(state.step)
    correction1 = 1 - config.beta1 ** (state.step + 1)
    correction2 = 1 - config.beta2 ** (state.step + 1)
    weights, m, v = zeros_like(gradients), zeros_like(gradients), zeros_like(gradients)
    for name, matrix in gradients.items():
        for i, row in enumerate(matrix):
            for j, g in enumerate(row):
                mi = config.beta1 * state.m[name][i][j] + (1 - config.beta1) * g
                vi = config.beta2 * state.v[name][i][j] + (1 - config.beta2) * g**2
                m_hat = mi / correction1
                v_hat = vi / correction2
                update = learning_rate * m_hat / (v_hat**0.5 + config.eps_adam)
                weights[name][i][j] = state.weights[name][i][j] - update
                m[name][i][j] = mi
                v[name][i][j] = vi
    return State(state.step + 1, weights, m, v)
