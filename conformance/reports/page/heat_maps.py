"""The heat maps as data for the page's script: which tensors there are, and all their numbers."""

import base64
import math
import re
from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct

from conformance.explanation.diagnosis import ErrorMap

from .visible_text import visible

NUMBERS_KEPT = 20_000
"""How many places of tensors a page has at most; each takes 32 bytes of it."""

FOLDED = 32
LOWEST, HIGHEST = -3, 16
"""The ends of the colors, as powers of ten budgets; the upper one is the furthest there is."""


class Grid(Struct, frozen=True):
    """The numbers of a tensor in one answer, drawn in `rows` of `columns`; the last may be short.

    `index` has the sizes by which an element is pointed to; `step` counts from 1. `numbers` are
    float64, little-endian, in base64: what is expected, what the port gave, the errors in budgets.
    """

    case: str
    pointer: str
    step: int | None
    index: list[int]
    rows: int
    columns: int
    wrong: int
    numbers: str


class TensorMap(Struct, frozen=True):
    """A tensor and what it was, step by step; `group` is what it is chosen under."""

    name: str
    group: str
    steps: list[Grid]

    @property
    def label(self) -> str:
        """What it is called where one is chosen: `/logits (3 steps, up to 7 of 27 wrong)`."""
        worst = max(self.steps, key=lambda grid: grid.wrong)
        note = f"{worst.wrong:,} of {math.prod(worst.index):,} wrong" if worst.wrong else "right"
        if len(self.steps) > 1:
            note = f"{len(self.steps)} steps, {'up to ' if worst.wrong else ''}{note}"
        return f"{self.name or '/'} ({note})"


def kept_maps(maps: Sequence[ErrorMap], case: str, pointer: str) -> list[ErrorMap]:
    """As many maps as fit into a page, in their order; surely the one that `pointer` is in."""
    first = next((one for one in maps if _holds(one, case, pointer)), None)
    room = NUMBERS_KEPT - (len(first.errors) if first else 0)
    kept = []
    for one in maps:
        if one is first:
            kept.append(one)
        elif len(one.errors) <= room:
            kept.append(one)
            room -= len(one.errors)
    return kept


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


def highest(maps: Iterable[ErrorMap]) -> int:
    """The power of ten budgets at which the colors end, one for all maps."""
    errors = (float(error) for one in maps for error in one.errors)
    finite = max((error for error in errors if math.isfinite(error)), default=0.0)
    return max(3, min(HIGHEST, math.ceil(math.log10(finite)) if finite > 0 else 0))


def start_of(maps: Sequence[TensorMap], case: str, pointer: str) -> tuple[int, int]:
    """The map to begin with and its step: where `pointer` is, or the first that is wrong."""
    places = [(n, s, grid) for n, tensor in enumerate(maps) for s, grid in enumerate(tensor.steps)]
    found = (
        *((n, s) for n, s, grid in places if _holds(grid, case, pointer)),
        *((n, s) for n, s, grid in places if grid.wrong),
    )
    return found[0] if found else (0, 0)


def _holds(one: ErrorMap | Grid, case: str, pointer: str) -> bool:
    return one.case == case and f"{pointer}/".startswith(f"{one.pointer}/")


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
    numbers = np.array([*map(float, (*found.expected, *found.got, *found.errors))], dtype="<f8")
    return Grid(
        visible(found.case),
        visible(found.pointer),
        None if found.step is None else found.step + 1,
        found.shape,
        rows,
        columns,
        sum(not float(error) <= 1 for error in found.errors),
        base64.b64encode(numbers.tobytes()).decode(),
    )


def _drawn(shape: Sequence[int], values: int) -> tuple[int, int]:
    """Rows and columns: a long row is folded, leading dimensions lie below each other."""
    columns = shape[-1] if shape else 1
    if len(shape) == 1 and columns > 2 * FOLDED:
        columns = FOLDED
    columns = max(1, columns)
    return max(1, math.ceil(values / columns)), columns
