"""What surrounds the model: `tokenize`, `random`, and all of it at once, `replicate`."""

from __future__ import annotations

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
        Meta(
            description="A corpus as it stands in its file. A line ends with LF or CRLF; lines are "
            "stripped of white space, as Unicode has it, and blank ones dropped."
        ),
    ]
    profile: Annotated[
        str, Meta(description="`microgpt` if it is not there; it decides the special tokens.")
    ] = "microgpt"


class TokenizeResult(Message):
    characters: Annotated[
        list[str], Meta(description="All characters (code points) of the corpus, sorted.")
    ]
    vocab_size: int
    tokens: Annotated[list[Tokens], Meta(description="Of every document, in file order.")]


class RandomDraw(Message, tag_field="draw", tag="random"):
    """`count` times `random()`."""

    count: Count


class GaussDraw(Message, tag_field="draw", tag="gauss"):
    """`count` times `gauss(mean, std)`."""

    mean: float
    std: float
    count: Count


class ShuffleDraw(Message, tag_field="draw", tag="shuffle"):
    """`shuffle(list(range(count)))`: the list."""

    count: Count


class ChoicesDraw(Message, tag_field="draw", tag="choices"):
    """`count` times `choices(range(len(weights)), weights)[0]`."""

    weights: list[float]
    count: Count


class RandomParams(Message):
    """Draws from one generator of CPython's `random` module, one after the other."""

    seed: Count
    draws: list[RandomDraw | GaussDraw | ShuffleDraw | ChoicesDraw]


class RandomResult(Message):
    results: Annotated[list[Vector], Meta(description="One list a draw.")]


class ReplicateParams(Message):
    """The whole program: seed, shuffle, draw the weights, train, sample."""

    profile: str
    sizes: Sizes
    optimizer: Optimizer
    seed: Count
    init_std: float
    temperature: float
    num_samples: Count
    text: Annotated[str, Meta(description="The corpus, as for `tokenize`.")]
    activation: Activation = UNSET


class ReplicateResult(Message):
    num_docs: Count
    vocab_size: Count
    num_params: Count
    samples: list[str]
