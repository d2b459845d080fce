"""Draws questions to the model and its training, from the smallest model up.

If a port supports only the profile's sizes, a small model is placed in a corner of the large
one, whose other weights are 0.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from conformance.anatomy.judged_program import JudgedProgram
from conformance.cases.by_level.updates import OTHER
from conformance.cases.situation import between_special, letters_in
from conformance.oracle.reference_answer import activation_of, optimizer_of, sizes_of
from ports_adapter.messages import AdamParams, ModelParams, SgdParams, TrainParams
from reference.config import Config

from .simplest_numbers import SIMPLE, STEEP, UNEVEN, Pool
from .single_layers import Questions, matrices

LETTERS = 26
SMALL = (
    ((1, 1, 1, 1), 1),
    ((1, 1, 1, 2), 1),
    ((2, 1, 1, 1), 1),
    ((2, 1, 1, 2), 2),
    ((2, 2, 1, 2), 2),
    ((2, 1, 2, 2), 2),
    ((4, 2, 1, 3), 3),
)
"""Sizes of models (n_embd, n_head, n_layer, block_size), each with its number of letters.

There are few, since a tape is recorded for each.
"""

CORNERS = (0, 1, 2, 4, 4, 4)
"""How many rows and columns of a large matrix are not 0; larger corners are more likely."""

FEW = 256
"""All numbers of a model with at most so many numbers are drawn."""

Models = tuple[tuple[Config, int], ...]


def models(judged_program: JudgedProgram, *, other_sizes: bool) -> Models:
    """The models to ask about, each with its vocabulary size, the smallest first."""
    config = judged_program.config
    special = 2 if config.special_tokens == "bos-eos" else 1
    if not other_sizes:
        return ((config, LETTERS + special),)
    return tuple(
        (_of_sizes(config, *sizes), letters + special)
        for sizes, letters in SMALL
        if config.model == "gpt" or sizes[1:3] == (1, 1)
    )


def _of_sizes(config: Config, width: int, heads: int, layers: int, block: int) -> Config:
    return replace(config, n_embd=width, n_head=heads, n_layer=layers, block_size=block)


def model_questions(
    judged_program: JudgedProgram, *, other_sizes: bool, intermediates: bool
) -> Iterator[Questions]:
    """Questions to `forward` and `backward`."""
    known = models(judged_program, other_sizes=other_sizes)
    for pool in (SIMPLE, STEEP, UNEVEN):
        for config, vocab_size in known:
            yield _model_params(judged_program.name, config, vocab_size, pool)
    if intermediates:
        for config, vocab_size in known:
            yield _model_params(judged_program.name, config, vocab_size, SIMPLE, intermediates=True)


@st.composite
def _model_params(
    draw: st.DrawFn,
    profile: str,
    config: Config,
    vocab_size: int,
    pool: Pool,
    *,
    intermediates: bool = False,
) -> ModelParams:
    return ModelParams(
        profile=profile,
        sizes=sizes_of(config),
        activation=activation_of(profile, config),
        tokens=draw(_documents(config, vocab_size)),
        weights=draw(_tensors(config, vocab_size, pool)),
        intermediates=intermediates,
    )


@cache
def _documents(config: Config, vocab_size: int) -> st.SearchStrategy[list[int]]:
    """Documents as tokens, of at most `block_size` letters and at most three."""
    count, longest = letters_in(config, vocab_size), min(config.block_size, 3)
    letters = st.lists(st.integers(0, min(count, 3) - 1), max_size=longest)
    return letters.map(lambda inner: between_special(inner, config, vocab_size))


@st.composite
def _tensors(draw: st.DrawFn, config: Config, vocab_size: int, pool: Pool) -> dict[str, Any]:
    """Matrices with the shapes of a model's weights."""
    shapes = config.shapes(vocab_size)
    if sum(rows * columns for rows, columns in shapes.values()) <= FEW:
        return {name: draw(matrices(*shape, pool)) for name, shape in shapes.items()}
    tensors = {name: draw(_cornered(*shape, pool)) for name, shape in shapes.items()}
    if config.special_tokens == "bos":  # BOS, the last token, gets the corner's first row
        for name in {"wte", "lm_head"} & tensors.keys():
            tensors[name] = [*tensors[name][1:], tensors[name][0]]
    return tensors


@st.composite
def _cornered(draw: st.DrawFn, rows: int, columns: int, pool: Pool) -> list[list[float]]:
    """A matrix `[rows][columns]` of zeros except in its upper left corner."""
    size = draw(st.sampled_from(CORNERS))
    corner = draw(matrices(min(size, rows), min(size, columns), pool))
    matrix = [[0.0] * columns for _ in range(rows)]
    for row, numbers in zip(matrix, corner, strict=False):
        row[: len(numbers)] = numbers
    return matrix


def update_questions(judged_program: JudgedProgram, *, other_sizes: bool) -> Iterator[Questions]:
    """Updates of one number, then of more, then with other hyperparameters."""
    config, vocab_size = models(judged_program, other_sizes=other_sizes)[0]
    for pool in (SIMPLE, UNEVEN):
        yield _update_params(judged_program.name, config, vocab_size, pool, 1)
        yield _update_params(judged_program.name, config, vocab_size, pool, 3)
    if other_sizes:
        yield _update_params(judged_program.name, replace(config, **OTHER), vocab_size, SIMPLE, 1)


@st.composite
def _update_params(
    draw: st.DrawFn, profile: str, config: Config, vocab_size: int, pool: Pool, count: int
) -> AdamParams | SgdParams:
    """An update whose state and gradients are 0 except at up to `count` places."""
    shapes = config.shapes(vocab_size)
    parts: dict[str, Any] = {
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
    common: dict[str, Any] = {
        "profile": profile,
        "sizes": sizes_of(config),
        "optimizer": optimizer_of(config),
        "step": step,
    }
    if config.optimizer == "adam":
        return AdamParams(**common, **parts)
    return SgdParams(**common, weights=parts["weights"], grads=parts["grads"])


def train_questions(judged_program: JudgedProgram, *, other_sizes: bool) -> Iterator[Questions]:
    """Training runs of one step, then of more, in the same models as for `forward`."""
    for steps in (1, 2, 3):
        for config, vocab_size in models(judged_program, other_sizes=other_sizes):
            yield _train_params(judged_program.name, config, vocab_size, SIMPLE, steps)


@st.composite
def _train_params(
    draw: st.DrawFn, profile: str, config: Config, vocab_size: int, pool: Pool, steps: int
) -> TrainParams:
    weights = draw(_tensors(config, vocab_size, pool))
    zeros: dict[str, Any] = {}
    if config.optimizer == "adam":
        zeros = {name: [[0.0] * len(row) for row in rows] for name, rows in weights.items()}
    documents = st.lists(_documents(config, vocab_size), min_size=1, max_size=steps)
    return TrainParams(
        profile=profile,
        activation=activation_of(profile, config),
        sizes=sizes_of(config),
        optimizer=optimizer_of(config),
        step=draw(st.sampled_from((0, 1, 500))),
        documents=draw(documents),
        steps=steps,
        weights=weights,
        m=zeros,
        v=zeros,
    )
