"""The content of a printed test: the question as JSON, and the expected numbers with budgets."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from conformance.judging.compare import budgets_of
from conformance.oracle.answer import Answer, Exact
from golden.numbers import as_array

from ..shrinking.search import Smallest

MOST_NUMBERS = 200
"""The most numbers that a printed test compares."""

LONG_ROW, LARGE_MATRIX = 6, 24
"""Rows and matrices of zeros with at least so many numbers are abbreviated."""


@dataclass(frozen=True, slots=True)
class Row:
    """An expected number of the answer, at a JSON Pointer, and its budget."""

    pointer: str
    expected: float
    budget: float


@dataclass(frozen=True, slots=True)
class Zeros:
    """A mark for a matrix of zeros in the question's JSON, or for a single row (`rows` is 0)."""

    rows: int
    columns: int

    @property
    def mark(self) -> str:
        """The JSON string that the test replaces by zeros."""
        return f'"@{self.rows}x{self.columns}"' if self.rows else f'"@{self.columns}"'


def question_text(smallest: Smallest) -> tuple[str, list[Zeros]]:
    """The parameters as lines of JSON, and the abbreviated zeros in them.

    The text fits into a raw string of every language: it is ASCII without apostrophes,
    backquotes, dollar and number signs, and without quotes inside JSON strings.
    """
    zeros: dict[str, Zeros] = {}
    text = _lines(_abbreviated(msgspec.to_builtins(smallest.params), zeros))
    for character in "'`$#":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.replace('\\"', "\\u0022"), [zeros[mark] for mark in sorted(zeros)]


def _abbreviated(part: Any, zeros: dict[str, Zeros]) -> Any:
    """Replace many zeros by marks, and add the marks to `zeros`."""
    match part:
        case dict():
            return {name: _abbreviated(inside, zeros) for name, inside in part.items()}
        case [[*first], *_] if part and first and _is_zero(part) and _size(part) >= LARGE_MATRIX:
            return _marked(Zeros(len(part), len(first)), zeros)
        case [float(), *_] if _is_zero([part]) and len(part) >= LONG_ROW:
            return _marked(Zeros(0, len(part)), zeros)
        case list():
            return [_abbreviated(inside, zeros) for inside in part]
        case _:
            return part


def _marked(found: Zeros, zeros: dict[str, Zeros]) -> str:
    zeros[found.mark] = found
    return found.mark.strip('"')


def _is_zero(matrix: Any) -> bool:
    """Whether this is a matrix that contains only 0.0, and no -0.0."""
    return all(
        isinstance(row, list)
        and len(row) == len(matrix[0])
        and all(isinstance(x, float) and repr(x) == "0.0" for x in row)
        for row in matrix
    )


def _size(matrix: list[list[float]]) -> int:
    return len(matrix) * len(matrix[0])


def _lines(part: Any, depth: int = 0) -> str:
    """JSON with one line per field, for objects and the objects directly inside them."""
    if not isinstance(part, dict) or depth == 2 or not part:
        return json.dumps(part, allow_nan=False)
    indent = "  " * (depth + 1)
    fields = (f"{indent}{json.dumps(name)}: {_lines(p, depth + 1)}" for name, p in part.items())
    return "{\n" + ",\n".join(fields) + "\n" + "  " * depth + "}"


def rows_of(smallest: Smallest) -> tuple[list[Row], int]:
    """The numbers to compare in the order of computation, and how many the answer has.

    At most `MOST_NUMBERS` are chosen: first those known to be wrong, then nonzero numbers of
    wrong tensors, then other nonzero numbers.
    """
    rows = list(_all_rows(smallest.expected))
    if len(rows) <= MOST_NUMBERS:
        return rows, len(rows)
    wrong = {place for d in smallest.divergences for place in (d.pointer, d.first)}
    parts = tuple(f"{d.part}/" for d in smallest.divergences)

    def rank(row: Row) -> tuple[bool, bool, bool]:
        elsewhere = not f"{row.pointer}/".startswith(parts) if parts else True
        return row.pointer not in wrong, row.expected == 0, elsewhere

    chosen = {id(row) for row in sorted(rows, key=rank)[:MOST_NUMBERS]}
    return [row for row in rows if id(row) in chosen], len(rows)


def _all_rows(expected: Answer) -> Iterator[Row]:
    for pointer, part in expected.items():
        if isinstance(part, Exact):
            if isinstance(part.value, int | float):
                yield Row(pointer, float(part.value), 0.0)
            continue
        places = list(_places(part.value, pointer))
        values = as_array([value for _, value in places])
        budgets = budgets_of(part, values)
        for (place, _), value, budget in zip(places, values, budgets, strict=True):
            yield Row(place, float(value), float(budget))


def _places(part: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Every number of nested lists in order, with its JSON Pointer."""
    if isinstance(part, list):
        for index, inside in enumerate(part):
            yield from _places(inside, f"{pointer}/{index}")
    else:
        yield pointer, part
