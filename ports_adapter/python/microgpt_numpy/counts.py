"""A table of how often each token came after each other; it learns by counting."""

from collections.abc import Callable, Sequence

import numpy as np

from .array import Array, Real, Tensors
from .model import Model, Shapes
from .optimizer import State
from .training import Step


class Counts(Model):
    """`counts[i][j]` says how often `j` came after `i`; one more is taken for each.

    So the probability of `j` after `i` is `(counts[i][j] + 1) / (sum(counts[i]) + vocab_size)`,
    and nothing is impossible. There are no gradients, and no temperature.
    """

    def weight_shapes(self, vocab_size: int) -> Shapes:
        """The table is square."""
        return {"counts": (vocab_size, vocab_size)}

    def initial_weights(
        self, vocab_size: int, real: Real, _draw: Callable[[str], float]
    ) -> Tensors:
        """Nothing was counted yet, and nothing is drawn."""
        return {"counts": np.zeros((vocab_size, vocab_size), real)}

    def probabilities(self, weights: Tensors, tokens: Sequence[int], _temperature: float) -> Array:
        """Of every token after the last of `tokens`, `[vocab_size]`."""
        last: Array = _rows(weights["counts"], tokens[-1:])[0]
        return last

    def start(self, weights: Tensors) -> State:
        """The table is all there is."""
        return State(weights)

    def learn(self, state: State, tokens: Sequence[int], step: int) -> Step:
        """The document's loss before it is counted; then its pairs are added."""
        counts = state.weights["counts"]
        inputs, targets = tokens[:-1], tokens[1:]
        losses = -np.log(_rows(counts, inputs)[np.arange(len(targets)), targets])
        added = np.zeros_like(counts)
        # Not `added[inputs, targets] += 1`: that would count a repeated pair once.
        np.add.at(added, (inputs, targets), 1.0)
        return Step(step, float(losses.mean()), State({"counts": counts + added}))


def _rows(counts: Array, inputs: Sequence[int]) -> Array:
    """Probabilities of every token after each of `inputs`, `[positions][vocab_size]`."""
    rows = counts[inputs] + 1.0
    total: Array = rows.sum(axis=-1, keepdims=True)
    return rows / total
