"""Documents drawn from a model, token by token."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from .array import Array, Tensors
from .model import Model
from .tokenizer import Marks


class OutOfUniformsError(Exception):
    """A document was not finished when its random numbers were."""


def sample(
    model: Model, weights: Tensors, marks: Marks, temperature: float, uniforms: Iterator[float]
) -> list[int]:
    """The tokens drawn for one document, one uniform number each.

    Ends with the mark of a document's end, unless the block is full before. The whole prefix is
    read again for each token: at these sizes a cache of keys and values would save nothing
    worth its code.
    """
    tokens = [marks.bos]
    while len(tokens) <= model.sizes.block_size:
        probabilities = model.probabilities(weights, tokens, temperature)
        uniform = next(uniforms, None)
        if uniform is None:
            raise OutOfUniformsError(f"{len(tokens) - 1} were not enough")
        tokens.append(choose(probabilities, uniform))
        if tokens[-1] == marks.eos:
            break
    return tokens[1:]


def choose(probabilities: Array, uniform: float) -> int:
    """The index that `random.choices` would choose, had `random()` given `uniform`."""
    cumulative = list(accumulate(probabilities.tolist()))
    return bisect_right(cumulative, uniform * cumulative[-1], 0, len(cumulative) - 1)
