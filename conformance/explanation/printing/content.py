"""What a printed test holds: a question as text, and the numbers that are right with budgets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from conformance.judging.compare import budgets_of
from conformance.oracle.answer import Answer, Exact
from golden.numbers import as_array

from ..shrinking import Smallest

MOST = 200
"""How many numbers a printed test compares."""

LONG_ROW, LARGE_MATRIX = 6, 24
"""From these sizes on, zeros are abbreviated."""


@dataclass(frozen=True, slots=True)
class Row:
    """A number at a JSON Pointer of the answer, and how far it may be off."""

    pointer: str
    expected: float
    budget: float


@dataclass(frozen=True, slots=True)
class Zeros:
    """What stands for a matrix of zeros in a question's text, or for a row of one (`rows` 0)."""

    rows: int
    columns: int

    @property
    def mark(self) -> str:
        """The JSON string that is to be replaced."""
        return f'"@{self.rows}x{self.columns}"' if self.rows else f'"@{self.columns}"'


def question_text(smallest: Smallest) -> tuple[str, list[Zeros]]:
    """The parameters as JSON in lines, and the zeros that are abbreviated in it.

    It is ASCII without apostrophes, backquotes, dollars and number signs, and without quotes
    inside of strings, so that it can stand in a raw string of any of the languages.
    """
    zeros: dict[str, Zeros] = {}
    text = _lines(_abbreviated(msgspec.to_builtins(smallest.params), zeros))
    for character in "'`$#":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.replace('\\"', "\\u0022"), [zeros[mark] for mark in sorted(zeros)]


def _abbreviated(part: Any, zeros: dict[str, Zeros]) -> Any:
    """The same with marks in the place of many zeros, which are entered into `zeros`."""
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
    """Whether this is a whole matrix, of 0.0 (and not -0.0) alone."""
    return all(
        isinstance(row, list)
        and len(row) == len(matrix[0])
        and all(isinstance(x, float) and repr(x) == "0.0" for x in row)
        for row in matrix
    )


def _size(matrix: list[list[float]]) -> int:
    return len(matrix) * len(matrix[0])


def _lines(part: Any, depth: int = 0) -> str:
    """JSON with every field of an object on a line of its own, two objects deep."""
    if not isinstance(part, dict) or depth == 2 or not part:
        return json.dumps(part, allow_nan=False)
    indent = "  " * (depth + 1)
    fields = (f"{indent}{json.dumps(name)}: {_lines(p, depth + 1)}" for name, p in part.items())
    return "{\n" + ",\n".join(fields) + "\n" + "  " * depth + "}"


def rows_of(smallest: Smallest) -> tuple[list[Row], int]:
    """The numbers to compare, at most `MOST` in the order of computation, and how many there are.

    If there are more, those that are known to be wrong are among them, then what is not 0 in
    the tensors that are wrong, then what is not 0 elsewhere.
    """
    rows = list(_all_rows(smallest.expected))
    if len(rows) <= MOST:
        return rows, len(rows)
    wrong = {place for d in smallest.divergences for place in (d.pointer, d.first)}
    parts = tuple(f"{d.part}/" for d in smallest.divergences)

    def rank(row: Row) -> tuple[bool, bool, bool]:
        elsewhere = not f"{row.pointer}/".startswith(parts) if parts else True
        return row.pointer not in wrong, row.expected == 0, elsewhere

    chosen = {id(row) for row in sorted(rows, key=rank)[:MOST]}
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
    """Every number of nested lists, in order, with its JSON Pointer."""
    if isinstance(part, list):
        for index, inside in enumerate(part):
            yield from _places(inside, f"{pointer}/{index}")
    else:
        yield pointer, part
