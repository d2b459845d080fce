"""The optimiser: Adam with bias correction, epsilon outside the square root."""

from __future__ import annotations

from .config import Config
from .model import Weights
from .state import State, zeros_like


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
