"""The numbers that smallest cases are made of, the simplest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Pool = tuple[float, ...]

SIMPLE: Pool = (0.0, 1.0, 2.0, -1.0, 0.5, 3.0, -2.0, -0.5)
"""Whole numbers and halves, exact in any precision."""

EXTREME: Pool = (0.0, 1.0, -1.0, 0.0009765625, 1000.0, -1000.0)
"""Numbers that overflow an exponential, or vanish beside an epsilon."""

UNEVEN: Pool = (0.0, 1.0, 0.1, -0.3, 0.7, 1.1)
"""Numbers that binary fractions round: they tell whether the precision is kept."""

STEEP: Pool = (0.0, 1.0, -1.0, 40.0)
"""Numbers whose products are beyond what an exponential can take."""


def numbers_in(part: Any) -> Iterator[float]:
    """All numbers within plain lists and dicts, in order."""
    match part:
        case dict():
            for inside in part.values():
                yield from numbers_in(inside)
        case list():
            for inside in part:
                yield from numbers_in(inside)
        case int() | float():
            yield part
