"""Questions to the whole model and its training, from the smallest model on.

Where a port is bound to the profile's sizes, a small model stands in a corner of the large one,
whose other weights are 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from ports_adapter.messages import AdamParams, ModelParams, TrainParams
from reference.config import MICROGPT, Config

from ...cases.training import OTHER
from ...oracle import optimizer_of, sizes_of
from .layers import Questions, matrices
from .numbers import SIMPLE, STEEP, UNEVEN, Pool

PROFILE_TOKENS = 27
SMALL = (
    (Config(n_embd=1, n_head=1, n_layer=1, block_size=1), 2),
    (Config(n_embd=1, n_head=1, n_layer=1, block_size=2), 2),
    (Config(n_embd=2, n_head=1, n_layer=1, block_size=1), 2),
    (Config(n_embd=2, n_head=1, n_layer=1, block_size=2), 3),
    (Config(n_embd=2, n_head=2, n_layer=1, block_size=2), 3),
    (Config(n_embd=2, n_head=1, n_layer=2, block_size=2), 3),
    (Config(n_embd=4, n_head=2, n_layer=1, block_size=3), 4),
)
"""Models and how many tokens each has. A tape is recorded for each, so they are few."""

CORNERS = (0, 1, 2, 4, 4, 4)
"""How many rows and columns of a large matrix are not 0; the larger the likelier."""

FEW = 256
"""A model of no more numbers is drawn number by number."""

Models = tuple[tuple[Config, int], ...]


def models(*, other_sizes: bool) -> Models:
    """The models to ask about, each with its number of tokens, the smallest first."""
    return SMALL if other_sizes else ((MICROGPT.config, PROFILE_TOKENS),)


def model_questions(*, other_sizes: bool, intermediates: bool) -> Iterator[Questions]:
    """Questions to `forward` and `backward`."""
    known = models(other_sizes=other_sizes)
    for pool in (SIMPLE, STEEP, UNEVEN):
        for config, vocab_size in known:
            yield _model_params(config, vocab_size, pool)
    if intermediates:
        for config, vocab_size in known:
            yield _model_params(config, vocab_size, SIMPLE, intermediates=True)


@st.composite
def _model_params(
    draw: st.DrawFn, config: Config, vocab_size: int, pool: Pool, *, intermediates: bool = False
) -> ModelParams:
    return ModelParams(
        profile=MICROGPT.name,
        sizes=sizes_of(config),
        tokens=draw(_documents(config, vocab_size)),
        weights=draw(_tensors(config, vocab_size, pool)),
        intermediates=intermediates,
    )


@cache
def _documents(config: Config, vocab_size: int) -> st.SearchStrategy[list[int]]:
    """Documents of at most one letter more than the block has room for."""
    bos, longest = vocab_size - 1, min(config.block_size, 3)
    letters = st.lists(st.integers(0, min(bos, 3) - 1), max_size=longest)
    return letters.map(lambda inner: [bos, *inner, bos])


@st.composite
def _tensors(draw: st.DrawFn, config: Config, vocab_size: int, pool: Pool) -> dict[str, Any]:
    """Matrices shaped like a model's weights."""
    shapes = config.shapes(vocab_size)
    if sum(rows * columns for rows, columns in shapes.values()) <= FEW:
        return {name: draw(matrices(*shape, pool)) for name, shape in shapes.items()}
    tensors = {name: draw(_cornered(*shape, pool)) for name, shape in shapes.items()}
    for name in ("wte", "lm_head"):  # the rows of the first letters, after that of BOS
        tensors[name] = [*tensors[name][1:], tensors[name][0]]
    return tensors


@st.composite
def _cornered(draw: st.DrawFn, rows: int, columns: int, pool: Pool) -> list[list[float]]:
    """A matrix `[rows][columns]` of zeros but for the corner where its first numbers stand."""
    size = draw(st.sampled_from(CORNERS))
    corner = draw(matrices(min(size, rows), min(size, columns), pool))
    matrix = [[0.0] * columns for _ in range(rows)]
    for row, numbers in zip(matrix, corner, strict=False):
        row[: len(numbers)] = numbers
    return matrix


def adam_questions(*, other_sizes: bool) -> Iterator[Questions]:
    """Updates of a single number at first, then of more, then with other hyperparameters."""
    config, vocab_size = models(other_sizes=other_sizes)[0]
    for pool in (SIMPLE, UNEVEN):
        yield _adam_params(config, vocab_size, pool, 1)
        yield _adam_params(config, vocab_size, pool, 3)
    if other_sizes:
        other = replace(OTHER, **{name: getattr(config, name) for name in _SIZES})
        yield _adam_params(other, vocab_size, SIMPLE, 1)


_SIZES = ("n_embd", "n_head", "n_layer", "block_size")


@st.composite
def _adam_params(
    draw: st.DrawFn, config: Config, vocab_size: int, pool: Pool, count: int
) -> AdamParams:
    """An update where `count` numbers of the state and the gradients are not all 0."""
    shapes = config.shapes(vocab_size)
    parts: dict[str, dict[str, list[list[Any]]]] = {
        part: {name: [[0.0] * columns for _ in range(rows)] for name, (rows, columns)
               in shapes.items()}
        for part in ("weights", "m", "v", "grads")
    }  # fmt: skip
    number = st.sampled_from(pool)
    for _ in range(count):
        name = draw(st.sampled_from(list(shapes)))
        row, column = (draw(st.integers(0, size - 1)) for size in shapes[name])
        for part, tensors in parts.items():
            drawn = draw(number)
            tensors[name][row][column] = abs(drawn) if part == "v" else drawn
    num_steps = draw(st.sampled_from((1000, 2, 1, 5000)))
    step = draw(st.sampled_from([n for n in (0, 1, 2, 9, 99, 999) if n < num_steps]))
    config = replace(config, num_steps=num_steps)
    return AdamParams(
        profile=MICROGPT.name,
        sizes=sizes_of(config),
        optimizer=optimizer_of(config),
        step=step,
        **parts,
    )


def train_questions(*, other_sizes: bool) -> Iterator[Questions]:
    """Trainings of one step at first, then of more, in models as for `forward`."""
    for steps in (1, 2, 3):
        for config, vocab_size in models(other_sizes=other_sizes):
            yield _train_params(config, vocab_size, SIMPLE, steps)


@st.composite
def _train_params(
    draw: st.DrawFn, config: Config, vocab_size: int, pool: Pool, steps: int
) -> TrainParams:
    weights = draw(_tensors(config, vocab_size, pool))
    zeros: dict[str, Any] = {
        name: [[0.0] * len(row) for row in rows] for name, rows in weights.items()
    }
    documents = st.lists(_documents(config, vocab_size), min_size=1, max_size=steps)
    return TrainParams(
        profile=MICROGPT.name,
        sizes=sizes_of(config),
        optimizer=optimizer_of(config),
        step=draw(st.sampled_from((0, 1, 500))),
        documents=draw(documents),
        steps=steps,
        weights=weights,
        m=zeros,
        v=zeros,
    )
