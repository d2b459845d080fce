"""Generating documents from a trained model, token by token."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from .config import Config
from .model import Cache, Weights, gpt, softmax
from .value import Value

Choose = Callable[[Sequence[float]], int]
"""Takes the probability of every token and gives the token chosen."""


def sample(
    weights: Weights, bos: int, temperature: float, config: Config, choose: Choose
) -> list[int]:
    """The tokens of one document, `bos` left out: up to the block size, or until `bos` comes."""
    nodes = {name: [[Value(w) for w in row] for row in matrix] for name, matrix in weights.items()}
    cache = Cache(config.n_layer)
    token, tokens = bos, []
    for position in range(config.block_size):
        logits = gpt(token, position, cache, nodes, config)
        probabilities = softmax([logit / temperature for logit in logits])
        token = choose([probability.data for probability in probabilities])
        if token == bos:
            break
        tokens.append(token)
    return tokens


class OutOfUniforms(ValueError):
    """A sample needed more uniforms than were given."""


def choose_by(uniforms: Iterable[float]) -> Choose:
    """Choices as `random.choices` makes them, one uniform of [0, 1) each, in order.

    Raises:
        OutOfUniforms: when called once more than there are uniforms.
    """
    remaining = iter(uniforms)

    def choose(probabilities: Sequence[float]) -> int:
        uniform = next(remaining, None)
        if uniform is None:
            raise OutOfUniforms("the sample went on after the last of the given uniforms")
        cumulative = list(accumulate(probabilities))
        return bisect(cumulative, uniform * cumulative[-1], 0, len(cumulative) - 1)

    return choose
