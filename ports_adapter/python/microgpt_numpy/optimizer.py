"""What optimisers have in common: a learning rate that falls, and the state that they carry."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from .array import Tensors

Decay = Callable[[int, int], float]
"""The share of the learning rate that a 0-based step of so many steps has."""


def linear(step: int, num_steps: int) -> float:
    """From 1 to nearly 0 along a straight line."""
    return 1 - step / num_steps


def cosine(step: int, num_steps: int) -> float:
    """From 1 to nearly 0 along half a wave."""
    return 0.5 * (1 + math.cos(math.pi * step / num_steps))


@dataclass(frozen=True)
class State:
    """What training carries from step to step: weights, and running means of gradients.

    `moments` are named as the protocol names them, and each is shaped like the weights.
    """

    weights: Tensors
    moments: Mapping[str, Tensors] = field(default_factory=dict)

    def named(self) -> dict[str, Tensors]:
        """All that is carried, by the protocol's names."""
        return {"weights": self.weights, **self.moments}


@dataclass(frozen=True)
class Optimizer(ABC):
    """Updates weights by their gradients; `rate(step)` is the learning rate of a 0-based step."""

    learning_rate: float
    num_steps: int
    decay: Decay

    hyperparameters: ClassVar[tuple[str, ...]] = ()
    """The fields that a kind of optimiser adds."""
    moments: ClassVar[tuple[str, ...]] = ()
    """The running means that it keeps."""

    def rate(self, step: int) -> float:
        """The learning rate of a 0-based step."""
        return self.learning_rate * self.decay(step, self.num_steps)

    def start(self, weights: Tensors) -> State:
        """The state before the first step: all running means are 0."""
        return State(
            weights,
            {
                moment: {name: np.zeros_like(w) for name, w in weights.items()}
                for moment in self.moments
            },
        )

    @abstractmethod
    def update(self, state: State, grads: Tensors, step: int) -> State:
        """The state after a 0-based step."""
