"""What surrounds the model: `tokenize`, `random`, and the whole program, `replicate`."""

from typing import Annotated

from msgspec import UNSET, Meta

from .common import (
    Activation,
    Count,
    Message,
    Optimizer,
    Sizes,
    Tokens,
    Vector,
)


class TokenizeParams(Message):
    text: Annotated[
        str,
        Meta(description="The content of a corpus file, to be read as under Tokens."),
    ]
    profile: Annotated[
        str, Meta(description="Decides which special tokens there are; `microgpt` if absent.")
    ] = "microgpt"


class TokenizeResult(Message):
    characters: Annotated[
        list[str],
        Meta(description="All code points that occur in the documents, each a string, sorted."),
    ]
    vocab_size: Annotated[int, Meta(description="Special tokens included.")]
    tokens: Annotated[list[Tokens], Meta(description="One list per document, in file order.")]


class RandomDraw(Message, tag_field="draw", tag="random"):
    """Calls `random()` `count` times."""

    count: Count


class GaussDraw(Message, tag_field="draw", tag="gauss"):
    """Calls `gauss(mean, std)` `count` times."""

    mean: float
    std: float
    count: Count


class ShuffleDraw(Message, tag_field="draw", tag="shuffle"):
    """Shuffles the list `0, 1, ..., count - 1`; the result is that list."""

    count: Count


class ChoicesDraw(Message, tag_field="draw", tag="choices"):
    """Calls `choices(weights)` `count` times; the results are indices."""

    weights: list[float]
    count: Count


class RandomParams(Message):
    """All draws of a question come from one generator, in order, seeded once at the start.

    Its state goes on from draw to draw, with the second value that `gauss` keeps, and ends with
    the answer. The functions are defined under CPython's generator.
    """

    seed: Count
    draws: list[RandomDraw | GaussDraw | ShuffleDraw | ChoicesDraw]


class RandomResult(Message):
    results: Annotated[list[Vector], Meta(description="One list per entry of `draws`.")]


class ReplicateParams(Message):
    """One generator, seeded with `seed` at the start, serves the whole run.

    In this order: read the documents, shuffle their list, draw the initial weights, train
    `num_steps` steps from step 0, draw the samples one after the other. Step `s` takes document
    `s % num_docs` in shuffled order.
    """

    profile: str
    sizes: Sizes
    optimizer: Optimizer
    seed: Count
    init_std: Annotated[float, Meta(description="Standard deviation of the initial weights.")]
    temperature: Annotated[float, Meta(description="Of the samples.")]
    num_samples: Count
    text: Annotated[str, Meta(description="The corpus, as in `tokenize`.")]
    activation: Activation = UNSET


class ReplicateResult(Message):
    num_docs: Count
    vocab_size: Count
    num_params: Annotated[Count, Meta(description="How many numbers the weights hold.")]
    samples: Annotated[list[str], Meta(description="Decoded; a sample may be empty.")]
