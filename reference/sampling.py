"""Generating documents from a trained model, token by token."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from . import by_hand, counting
from .config import Config
from .model import Cache, Vector, Weights, next_token, softmax
from .value import Value

Choose = Callable[[Sequence[float]], int]
"""Takes the probability of every token and gives the token chosen."""

NextLogits = Callable[[Sequence[int]], Vector]
"""Takes a document's tokens so far, one more with each call; gives the logits of the next one."""

NextProbabilities = Callable[[Sequence[int]], Sequence[float]]
"""Likewise, of their probabilities."""


def sample(
    weights: Weights, bos: int, temperature: float, config: Config, choose: Choose
) -> list[int]:
    """The tokens of one document, its beginning and its end left out."""
    match config.gradient:
        case "none":
            return document_from(counted(weights), bos, config, choose)
        case "by-hand":
            return document_from(by_hand_at(temperature, weights), bos, config, choose)
    return sample_from(next_logits(weights, config), bos, temperature, config, choose)


def sample_from(
    logits_after: NextLogits, bos: int, temperature: float, config: Config, choose: Choose
) -> list[int]:
    """A sample, its logits from the scalar program or from elsewhere."""

    def probabilities_after(tokens: Sequence[int]) -> list[float]:
        probabilities = softmax([logit / temperature for logit in logits_after(tokens)])
        return [probability.data for probability in probabilities]

    return document_from(probabilities_after, bos, config, choose)


def document_from(
    probabilities_after: NextProbabilities, bos: int, config: Config, choose: Choose
) -> list[int]:
    """The tokens of one document: up to the block size, or until the special token at its end."""
    tokens, end = [bos], config.end_after(bos)
    for _ in range(config.block_size):
        token = choose(probabilities_after(tokens))
        if token == end:
            break
        tokens.append(token)
    return tokens[1:]


def counted(weights: Weights) -> NextProbabilities:
    """The probabilities that a table of counts gives."""
    return lambda tokens: counting.probabilities(weights[counting.COUNTS], tokens[-1])


def by_hand_at(temperature: float, weights: Weights) -> NextProbabilities:
    """The probabilities that the MLP gives in plain floats."""

    def probabilities_after(tokens: Sequence[int]) -> list[float]:
        logits = by_hand.logits_of(weights, tokens[-1])
        return by_hand.softmax([logit / temperature for logit in logits])

    return probabilities_after


def next_logits(weights: Weights, config: Config) -> NextLogits:
    """The scalar program's logits for one document; it keeps the keys and values so far."""
    nodes = {name: [[Value(w) for w in row] for row in matrix] for name, matrix in weights.items()}
    cache = Cache(config.n_layer)

    def logits_after(tokens: Sequence[int]) -> Vector:
        return next_token(tokens[-1], len(tokens) - 1, cache, nodes, config)

    return logits_after


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
