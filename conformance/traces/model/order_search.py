"""Finds the order of the matrices in a flat list that follows no rule, as that of a hash table.

Tokens and positions that a document does not use have gradients of exactly 0, and so has a hidden
unit of the MLP that no position switches on. These rows and columns show where the embeddings and
the MLP are; the other matrices are tried in every order that is left.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import numpy as np

from golden.numbers import Array

MOST_ORDERS = 5_040
"""So many orders are tried at the most: all those of seven matrices."""

Shapes = Mapping[str, tuple[int, int]]


def possible_orders(shapes: Shapes, grads: Array, tokens: Sequence[int]) -> Iterator[list[str]]:
    """The orders in which the gradients of unused rows are 0, and no others.

    Args:
        shapes: the shapes of the model's matrices.
        grads: the program's gradients of a document, flat.
        tokens: the document's tokens.
    """
    if grads.size != sum(rows * columns for rows, columns in shapes.values()):
        return
    orders = (
        order
        for order in _completed([], list(shapes), 0, shapes, grads, _used(shapes, tokens))
        if _has_one_mlp(order, shapes, grads)
    )
    for _, order in zip(range(MOST_ORDERS), orders, strict=False):
        yield order


def shows_unused_rows(shapes: Shapes, grads: Array, tokens: Sequence[int]) -> bool:
    """Whether just the unused rows of the embeddings have gradients of 0.

    Args:
        shapes: the shapes of the model's matrices.
        grads: the gradients of a document, in canonical order.
        tokens: the document's tokens.
    """
    used, start = _used(shapes, tokens), 0
    for name, (rows, columns) in shapes.items():
        matrix = grads[start : start + rows * columns].reshape(rows, columns)
        if not _fits(name, matrix, used):
            return False
        start += rows * columns
    return True


def _used(shapes: Shapes, tokens: Sequence[int]) -> dict[str, set[int]]:
    """The rows of the embeddings that a document uses."""
    positions = min(len(tokens) - 1, shapes["wpe"][0])
    return {"wte": set(tokens[:positions]), "wpe": set(range(positions))}


def _completed(
    order: list[str],
    left: list[str],
    start: int,
    shapes: Shapes,
    grads: Array,
    used: Mapping[str, set[int]],
) -> Iterator[list[str]]:
    """The orders that begin with some matrices, which end at an index of the list."""
    if not left:
        yield order
    for name in left:
        rows, columns = shapes[name]
        matrix = grads[start : start + rows * columns].reshape(rows, columns)
        if _fits(name, matrix, used):
            others = [other for other in left if other != name]
            stop = start + rows * columns
            yield from _completed([*order, name], others, stop, shapes, grads, used)


def _fits(name: str, matrix: Array, used: Mapping[str, set[int]]) -> bool:
    """Whether a matrix has gradients in the rows where it can have any."""
    has_gradient = matrix.any(axis=1)
    if name in used:
        return set(np.flatnonzero(has_gradient).tolist()) == used[name]
    return name != "lm_head" or bool(has_gradient.all())


def _has_one_mlp(order: Sequence[str], shapes: Shapes, grads: Array) -> bool:
    """Whether the same hidden units have no gradient in both matrices of the MLP."""
    sizes = [rows * columns for rows, columns in map(shapes.__getitem__, order)]
    starts = dict(zip(order, accumulate(sizes[:-1], initial=0), strict=True))
    into, out = "layer0.mlp_fc1", "layer0.mlp_fc2"
    units, width = shapes[into]
    first = grads[starts[into] : starts[into] + units * width]
    second = grads[starts[out] : starts[out] + units * width]
    as_published = first.reshape(units, width).any(axis=1), second.reshape(width, units).any(axis=0)
    transposed = first.reshape(width, units).any(axis=0), second.reshape(units, width).any(axis=1)
    return any(np.array_equal(*both) for both in (as_published, transposed))
