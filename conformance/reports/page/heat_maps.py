"""The heat maps as data for the page: which tensors there are, and their numbers at each step."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from conformance.explanation.diagnosis import ErrorMap
from golden.trace import Number, number

from .visible_text import visible

FOLDED = 32
LOWEST, HIGHEST = -3, 16
"""The colours' ends, as powers of ten budgets; the upper one is as far out as there is need."""


class Grid(Struct, frozen=True):
    """The numbers of a tensor in one answer, drawn in `rows` of `columns`; the last may be short.

    `index` are the sizes by which an element is pointed to; `step` counts from 1.
    """

    case: str
    pointer: str
    step: int | None
    index: list[int]
    rows: int
    columns: int
    expected: list[Number]
    got: list[Number]
    errors: list[Number]


class TensorMap(Struct, frozen=True):
    """A tensor and what it was, step by step; `group` is what it is chosen under."""

    name: str
    group: str
    steps: list[Grid]


def tensor_maps(maps: Iterable[ErrorMap]) -> list[TensorMap]:
    """The maps of a diagnosis, those of a tensor at several steps as one.

    Steps may lie in one answer, as a training's do, or be cases of a level each.
    """
    together: dict[tuple[str, str], list[ErrorMap]] = {}
    for found in maps:
        together.setdefault((_group(found), _without_step(found)), []).append(found)
    return [
        TensorMap(
            visible(name),
            visible(group if len(several) > 1 else several[0].case),
            [_grid(one) for one in sorted(several, key=lambda one: one.step or 0)],
        )
        for (group, name), several in together.items()
    ]


def highest(maps: Iterable[TensorMap]) -> int:
    """The power of ten budgets at which the colours end, one for all maps."""
    errors = (float(e) for tensor in maps for grid in tensor.steps for e in grid.errors)
    finite = max((error for error in errors if math.isfinite(error)), default=0.0)
    return max(3, min(HIGHEST, math.ceil(math.log10(finite)) if finite > 0 else 0))


def start_of(maps: Sequence[TensorMap], case: str, pointer: str) -> tuple[int, int]:
    """The map to begin with and its step: where `pointer` is, or the first that is wrong."""
    places = [(n, s, grid) for n, tensor in enumerate(maps) for s, grid in enumerate(tensor.steps)]
    for n, s, grid in places:
        if grid.case == case and (f"{pointer}/").startswith(f"{grid.pointer}/"):
            return n, s
    wrong = ((n, s) for n, s, grid in places if wrong_of(grid))
    return next(wrong, (0, 0))


def wrong_of(grid: Grid) -> int:
    """How many numbers are outside of their budgets, or not numbers."""
    return sum(not float(error) <= 1 for error in grid.errors)


def plain_numbers(values: Sequence[Number]) -> list[Number]:
    """Numbers that JSON can carry, whatever they came as."""
    return [number(float(value)) for value in values]


def _group(found: ErrorMap) -> str:
    if found.step is None:
        return found.case
    return f"{found.case.partition('/')[0]}, step by step"


def _without_step(found: ErrorMap) -> str:
    if found.step is None:
        return found.pointer
    return re.sub(r"^/steps/\d+(?=/)", "", found.pointer)


def _grid(found: ErrorMap) -> Grid:
    rows, columns = _drawn(found.shape, len(found.errors))
    return Grid(
        visible(found.case),
        visible(found.pointer),
        None if found.step is None else found.step + 1,
        found.shape,
        rows,
        columns,
        plain_numbers(found.expected),
        plain_numbers(found.got),
        plain_numbers(found.errors),
    )


def _drawn(shape: Sequence[int], values: int) -> tuple[int, int]:
    """Rows and columns: a long row is folded, leading dimensions lie below each other."""
    columns = shape[-1] if shape else 1
    if len(shape) == 1 and columns > 2 * FOLDED:
        columns = FOLDED
    columns = max(1, columns)
    return max(1, math.ceil(values / columns)), columns
