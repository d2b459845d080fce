"""The numbers that smallest cases consist of, the simplest first."""

from collections.abc import Iterator
from typing import Any

Pool = tuple[float, ...]

SIMPLE: Pool = (0.0, 1.0, 2.0, -1.0, 0.5, 3.0, -2.0, -0.5)
"""Integers and halves, which are exact in any precision."""

EXTREME: Pool = (0.0, 1.0, -1.0, 0.0009765625, 1000.0, -1000.0)
"""Numbers that overflow exp, or are small compared with an epsilon."""

UNEVEN: Pool = (0.0, 1.0, 0.1, -0.3, 0.7, 1.1)
"""Numbers that binary fractions must round, which reveal a lower precision."""

STEEP: Pool = (0.0, 1.0, -1.0, 40.0)
"""Numbers whose products overflow exp."""


def numbers_in(part: Any) -> Iterator[float]:
    """All numbers in nested lists and dictionaries, in order."""
    match part:
        case dict():
            for inside in part.values():
                yield from numbers_in(inside)
        case list():
            for inside in part:
                yield from numbers_in(inside)
        case int() | float():
            yield part
