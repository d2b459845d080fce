"""The optimiser of the stages before Adam: stochastic gradient descent."""

from __future__ import annotations

from .config import Config
from .model import Weights
from .state import State, zeros_like


def sgd(state: State, gradients: Weights, config: Config) -> State:
    """One update: each weight goes down its gradient by the learning rate's share of it."""
    learning_rate = config.learning_rate_at(state.step)
    weights = zeros_like(gradients)
    for name, matrix in gradients.items():
        for i, row in enumerate(matrix):
            for j, g in enumerate(row):
                weights[name][i][j] = state.weights[name][i][j] - learning_rate * g
    return State(state.step + 1, weights, state.m, state.v)
