"""What training carries from step to step."""

from __future__ import annotations

from dataclasses import dataclass

from .model import Weights


@dataclass(frozen=True, slots=True)
class State:
    """What training carries from step to step.

    `step` counts the updates so far; `m` and `v` are the running first and second moments
    of the gradients, shaped like the weights, or empty where the optimiser keeps none.
    """

    step: int
    weights: Weights
    m: Weights
    v: Weights

    @classmethod
    def initial(cls, weights: Weights) -> State:
        """The state before the first step of Adam: both moments 0."""
        return cls(0, weights, zeros_like(weights), zeros_like(weights))

    @classmethod
    def without_moments(cls, weights: Weights) -> State:
        """The state before the first step where nothing but the weights is carried."""
        return cls(0, weights, {}, {})


def zeros_like(weights: Weights) -> Weights:
    """Zeros by the same names and of the same shapes."""
    return {name: [[0.0] * len(row) for row in matrix] for name, matrix in weights.items()}
