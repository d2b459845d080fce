"""Gradient descent, one document a step."""

from dataclasses import dataclass

from .array import Tensors
from .optimizer import Optimizer, State


@dataclass(frozen=True)
class Sgd(Optimizer):
    """A weight goes down by the learning rate times its gradient; nothing else is carried."""

    def update(self, state: State, grads: Tensors, step: int) -> State:
        """The state after a 0-based step."""
        rate = self.rate(step)
        return State({name: state.weights[name] - rate * grad for name, grad in grads.items()})
