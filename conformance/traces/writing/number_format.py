"""Tells from its numbers in which precision a program computes, and how many digits it prints."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from golden.budgets import Precision
from golden.numbers import Array

from .storage_types import HALF, StorageType, rounding_in_storage, storage_type_of

SAMPLE = 2000
"""So many numbers show how all of them are written."""

FEWEST = 8
"""From fewer numbers nothing is concluded."""

WHOLE_DIGITS = 8
"""Numbers of float32 with fewer significant digits were rounded in printing."""

MOST_DIGITS = 14
"""Numbers with so many digits count as written in full."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a kind of numbers is written.

    Attributes:
        precision: the coarsest precision that holds the numbers; float64 if they are few.
        decimals: how many decimals they are rounded to, as by `%.6f`; None if to none.
        digits: how many significant digits they are rounded to; None if to none.
        stored: the coarser type that they are stored in; None if in that of their precision.
    """

    precision: Precision = "float64"
    decimals: int | None = None
    digits: int | None = None
    stored: StorageType | None = None

    @property
    def is_rounded(self) -> bool:
        """Whether printing or storing has rounded the numbers."""
        return bool(self.decimals is not None or self.digits or self.stored)

    @property
    def words(self) -> str:
        """What the numbers are rounded to, in words."""
        if self.decimals is not None:
            return f"{self.decimals} decimals"
        if self.stored is not None:
            return self.stored
        return f"{self.digits} significant digits"

    def rounding(self, numbers: Array) -> Array:
        """The largest error of each number that printing or storing may have caused."""
        if self.stored is not None:
            return rounding_in_storage(numbers, self.stored)
        if self.decimals is not None:
            return np.full(numbers.shape, 0.5 * 10.0**-self.decimals)
        if self.digits is not None:
            magnitude = np.where(numbers == 0, 0, np.floor(np.log10(np.abs(numbers) + 1e-300)))
            error: Array = 0.5 * 10.0 ** (magnitude - self.digits + 1) * (numbers != 0)
            return error
        return np.zeros(numbers.shape)


@dataclass
class SeenNumbers:
    """A sample of the numbers of one kind, from which their format follows."""

    kept: list[float]

    @classmethod
    def of(cls, arrays: Iterable[Array]) -> Self:
        """The first numbers of some arrays that are neither 0 nor whole nor without end."""
        kept: list[float] = []
        for numbers in arrays:
            flat = numbers.ravel()
            flat = flat[np.isfinite(flat)]
            telling = flat[flat != np.rint(flat)][: SAMPLE - len(kept)]
            kept += telling.tolist()
        return cls(kept)

    @property
    def half(self) -> StorageType | None:
        """The type of half precision that the numbers are stored in, if they are in any."""
        stored = storage_type_of(np.array(self.kept))
        return stored if stored in HALF and len(set(self.kept)) >= FEWEST else None

    @cached_property
    def format(self) -> NumberFormat:
        """The format of the numbers as they are printed."""
        if len(self.kept) < FEWEST:
            return NumberFormat()
        decimals, digits = self._decimals, self._digits
        above = int(np.floor(np.log10(max(map(abs, self.kept))))) + 1
        if all(map(_is_single, self.kept)) and min(digits, above + decimals) >= WHOLE_DIGITS:
            return NumberFormat("float32")
        if decimals < MOST_DIGITS and above + decimals <= digits:
            return NumberFormat(decimals=decimals)
        return NumberFormat(digits=digits) if digits < MOST_DIGITS else NumberFormat()

    @property
    def _decimals(self) -> int:
        """The fewest decimals that all numbers have, `MOST_DIGITS` if more."""
        tried = (
            n for n in range(1, MOST_DIGITS) if all(float(f"{x:.{n}f}") == x for x in self.kept)
        )
        return next(tried, MOST_DIGITS)

    @property
    def _digits(self) -> int:
        """The fewest significant digits that all numbers have, `MOST_DIGITS` if more."""
        tried = (
            n for n in range(1, MOST_DIGITS) if all(float(f"{x:.{n - 1}e}") == x for x in self.kept)
        )
        return next(tried, MOST_DIGITS)


def format_of(arrays: Sequence[Array]) -> NumberFormat:
    """The format of numbers of one kind, which a trace has in several places."""
    halves = [half for numbers in arrays if (half := SeenNumbers.of([numbers]).half)]
    if halves:
        return NumberFormat("float32", stored=max(halves, key=HALF.index))
    return SeenNumbers.of(arrays).format


def _is_single(number: float) -> bool:
    """Whether a number is one of float32, written in full, in 9 digits, or as short as can be."""
    with np.errstate(over="ignore"):
        single = np.float32(number)
    return number == float(single) or number in (float(str(single)), float(f"{single:.9g}"))


def coarsest(precisions: Iterable[Precision]) -> Precision:
    """The coarsest of some precisions."""
    return "float32" if "float32" in set(precisions) else "float64"
