"""Training: step by step, each on one document."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from .array import Tensors
from .model import Backward, Network
from .optimizer import Optimizer, State


class Step(NamedTuple):
    """A training step: its 0-based number, its loss, and the state that it led to.

    Where nothing but counting is done, there is no learning rate and nothing else computed.
    """

    number: int
    loss: float
    state: State
    learning_rate: float | None = None
    result: Backward | None = None


Announce = Callable[[Step], None]
"""Told of each training step when it is done."""


class Learner(Protocol):
    """What can be trained."""

    def start(self, weights: Tensors) -> State:
        """The state before the first step."""

    def learn(self, state: State, tokens: Sequence[int], step: int) -> Step:
        """One 0-based step on one document."""


class Descent(NamedTuple):
    """Learns by gradients."""

    network: Network
    optimizer: Optimizer

    def start(self, weights: Tensors) -> State:
        """The state before the first step."""
        return self.optimizer.start(weights)

    def learn(self, state: State, tokens: Sequence[int], step: int) -> Step:
        """One 0-based step: loss, gradients, update."""
        result = self.network.backward(state.weights, tokens)
        updated = self.optimizer.update(state, result.grads, step)
        return Step(step, result.loss, updated, self.optimizer.rate(step), result)


def train(
    learner: Learner,
    state: State,
    documents: Sequence[Sequence[int]],
    steps: range,
    announce: Announce,
) -> State:
    """The state after the given 0-based steps, each on one document, round and round."""
    for step in steps:
        taken = learner.learn(state, documents[step % len(documents)], step)
        announce(taken)
        state = taken.state
    return state
