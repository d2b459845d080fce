"""Draws questions to single layers, from the smallest vectors up."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from hypothesis import strategies as st

from ports_adapter.messages import (
    AttentionParams,
    CrossEntropyParams,
    LinearParams,
    MlpParams,
    VectorParams,
)

from .simplest_numbers import EXTREME, SIMPLE, STEEP, UNEVEN, Pool

Questions = st.SearchStrategy[Any]
"""Draws the parameters of one method in one size."""


@cache
def vectors(size: int, pool: Pool) -> st.SearchStrategy[list[Any]]:
    """Vectors of `size` numbers from a pool."""
    return st.lists(st.sampled_from(pool), min_size=size, max_size=size)


@cache
def matrices(rows: int, columns: int, pool: Pool) -> st.SearchStrategy[list[list[Any]]]:
    """Matrices `[rows][columns]` of numbers from a pool."""
    return st.lists(vectors(columns, pool), min_size=rows, max_size=rows)


def _linear(nin: int, nout: int, pool: Pool) -> Questions:
    return st.builds(
        LinearParams,
        x=vectors(nin, pool),
        w=matrices(nout, nin, pool),
        output_grad=vectors(nout, pool),
    )


def _vector(size: int, pool: Pool) -> Questions:
    return st.builds(VectorParams, x=vectors(size, pool), output_grad=vectors(size, pool))


def _attention(n_head: int, head_dim: int, positions: int, pool: Pool) -> Questions:
    width = n_head * head_dim
    return st.builds(
        AttentionParams,
        q=vectors(width, pool),
        k=matrices(positions, width, pool),
        v=matrices(positions, width, pool),
        n_head=st.just(n_head),
        output_grad=vectors(width, pool),
    )


def _mlp(width: int, hidden: int, pool: Pool) -> Questions:
    return st.builds(
        MlpParams,
        x=vectors(width, pool),
        fc1=matrices(hidden, width, pool),
        fc2=matrices(width, hidden, pool),
        output_grad=vectors(width, pool),
    )


def _loss(size: int, pool: Pool) -> Questions:
    logits, target = vectors(size, pool), st.integers(0, size - 1)
    return st.builds(CrossEntropyParams, logits=logits, target=target)


SIZES: dict[str, tuple[Callable[..., Questions], tuple[tuple[int, ...], ...]]] = {
    "linear": (_linear, ((1, 1), (2, 1), (1, 2), (2, 2), (3, 3), (5, 5))),
    "softmax": (_vector, ((1,), (2,), (3,), (4,), (8,))),
    "rmsnorm": (_vector, ((1,), (2,), (3,), (4,), (8,))),
    "attention": (
        _attention,
        ((1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 1, 1), (1, 2, 2), (2, 1, 2), (2, 2, 2), (2, 4, 3)),
    ),
    "mlp": (_mlp, ((1, 1), (1, 2), (2, 1), (2, 2), (1, 4), (2, 8))),
    "cross_entropy": (_loss, ((2,), (3,), (4,), (27,))),
}
"""For each layer, the function that draws its questions and the sizes to try."""


BETWEEN: dict[str, tuple[Pool, ...]] = {
    "softmax": (EXTREME,),
    "rmsnorm": (EXTREME,),
    "cross_entropy": (EXTREME,),
    "attention": (STEEP,),
}
"""The pools for a layer in addition to `SIMPLE` and `UNEVEN`."""


def layer_questions(method: str) -> Iterator[Questions]:
    """Questions to a layer: all sizes with simple numbers, then with less simple ones."""
    draw, sizes = SIZES[method]
    for pool in (SIMPLE, *BETWEEN.get(method, ()), UNEVEN):
        for size in sizes:
            yield draw(*size, pool)
