"""What the models have in common: their sizes, and a document's loss and gradients.

The nodes that `forward` names are what `backward` needs, and what the protocol calls
intermediates: nothing is computed for show.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .activations import RELU, Activation
from .array import Array, Real, Tensors
from .layers import cross_entropy, cross_entropy_vjp, softmax

Shapes = dict[str, tuple[int, int]]
"""Every weight's `(nout, nin)` by its name, in the order in which a program draws them."""


@dataclass(frozen=True)
class Sizes:
    """The model's shape; the vocabulary's size is the number of rows of its first weight."""

    n_embd: int
    n_head: int
    n_layer: int
    block_size: int

    def positions(self, tokens: Sequence[int]) -> int:
        """How many tokens of a document are read: all but the last, within the block."""
        return min(self.block_size, len(tokens) - 1)


class Backward(NamedTuple):
    """The mean loss, in nats, what it is made of, and its gradients by every weight and node."""

    loss: float
    losses: Array
    logits: Array
    grads: Tensors
    node_grads: Tensors


@dataclass(frozen=True)
class Model(ABC):
    """Gives the probabilities of the token that follows."""

    sizes: Sizes
    activation: Activation = RELU

    @abstractmethod
    def weight_shapes(self, vocab_size: int) -> Shapes:
        """Every weight's name and shape `(nout, nin)`, in the program's order."""

    @abstractmethod
    def initial_weights(self, vocab_size: int, real: Real, draw: Callable[[str], float]) -> Tensors:
        """The weights that training starts from; `draw` gives the named one's next number."""

    @abstractmethod
    def probabilities(self, weights: Tensors, tokens: Sequence[int], temperature: float) -> Array:
        """Of every token after a document's first `tokens`, `[vocab_size]`."""


class Network(Model):
    """A model with logits and gradients; a kind of it is one `forward` and its `vjp`."""

    @abstractmethod
    def forward(self, weights: Tensors, inputs: Sequence[int]) -> Tensors:
        """All nodes by name, in the order they are computed; the last one is `logits`.

        `inputs` are the tokens read. Nodes are `[positions][features]`, attention's scores and
        weights `[position][head][position seen]`.
        """

    @abstractmethod
    def vjp(
        self, weights: Tensors, inputs: Sequence[int], nodes: Tensors, logits_grad: Array
    ) -> tuple[Tensors, Tensors]:
        """Gradients by every weight, and by every node that `forward` gave."""

    def positions(self, tokens: Sequence[int]) -> int:
        """How many tokens of a document are read: all but the last."""
        return len(tokens) - 1

    def initial_weights(self, vocab_size: int, real: Real, draw: Callable[[str], float]) -> Tensors:
        """Drawn tensor by tensor and row by row."""
        return {
            name: np.array([[draw(name) for _ in range(nin)] for _ in range(nout)], real)
            for name, (nout, nin) in self.weight_shapes(vocab_size).items()
        }

    def probabilities(self, weights: Tensors, tokens: Sequence[int], temperature: float) -> Array:
        """Softmax of the last token's logits, divided by the temperature."""
        return softmax(self.forward(weights, tokens)["logits"][-1] / temperature)

    def backward(self, weights: Tensors, tokens: Sequence[int]) -> Backward:
        """Loss of predicting each next token of a document, and all its gradients."""
        n = self.positions(tokens)
        inputs, targets = tokens[:n], tokens[1 : n + 1]
        nodes = self.forward(weights, inputs)
        logits = nodes["logits"]
        losses = cross_entropy(logits, targets)
        grads, node_grads = self.vjp(weights, inputs, nodes, cross_entropy_vjp(logits, targets) / n)
        return Backward(
            float(losses.mean()),
            losses,
            logits,
            {name: grads[name] for name in weights},
            {name: node_grads[name] for name in nodes},
        )


def lookup_vjp(wte: Array, inputs: Sequence[int], embedding_grad: Array) -> Array:
    """Gradient by `wte` of its rows `wte[inputs]`; rows that were not read keep 0.

    `embedding_grad` is `[positions][n_embd]`.
    """
    wte_grad = np.zeros_like(wte)
    # Not `wte_grad[inputs] += ...`: that would count a repeated token once.
    np.add.at(wte_grad, inputs, embedding_grad)
    return wte_grad
