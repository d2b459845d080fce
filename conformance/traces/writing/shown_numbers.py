"""The numbers of a trace as far as they are known: with the error of their printing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from golden.budgets import Precision
from golden.numbers import Array, as_carried

from .number_format import NumberFormat, coarsest
from .storage_types import HALF

FEW = 64
"""So few numbers are each taken with the digits that they show."""

PRINTED_IN_FULL = 12
"""A number of float64 with more significant digits was not rounded in printing."""


class Bounded(NamedTuple):
    """Numbers, and how far the program's may lie from each of them."""

    numbers: Array
    error: Array

    @classmethod
    def exact(cls, numbers: Array) -> Self:
        """Numbers that are known exactly."""
        return cls(numbers, np.zeros(numbers.shape))

    @property
    def is_finite(self) -> bool:
        """Whether all numbers are finite."""
        return bool(np.isfinite(self.numbers).all())


@dataclass(frozen=True, slots=True)
class Formats:
    """How each kind of numbers is written, and the precision that the program states."""

    of: Mapping[str, NumberFormat]
    stated: Precision | None = None

    def precision(self, *kinds: str) -> Precision:
        """The coarsest precision of these kinds of numbers, or the one stated."""
        stated = [self.stated] if self.stated else []
        return coarsest([*(self.of[kind].precision for kind in kinds if kind in self.of), *stated])

    def bounded(self, kind: str, numbers: Array) -> Bounded:
        """Numbers of a kind, flat, with the error of their printing."""
        shown = self.of.get(kind, NumberFormat())
        error = shown.rounding(numbers)
        if numbers.size <= FEW:
            error = np.maximum(error, [_last_digit(float(x)) / 2 for x in numbers])
        return Bounded(as_carried(numbers, shown.precision), error)

    def state(self, weights: Bounded | None) -> Bounded | None:
        """The weights that the next step computes with, of those that are written after a step.

        Weights of half precision were rounded by the update, and are exact for the next step,
        unless the program states that it computes in a finer precision than it writes.
        """
        of_half = (shown := self.of.get("weights")) is not None and shown.stored in HALF
        if weights is None or self.stated or not of_half:
            return weights
        return Bounded.exact(weights.numbers)


def _last_digit(number: float) -> float:
    """The unit of the last digit of a number that was rounded in printing, otherwise 0."""
    digits = repr(number).partition("e")[0].replace(".", "").replace("-", "").strip("0")
    if not np.isfinite(number) or number == 0 or len(digits) > PRINTED_IN_FULL:
        return 0.0
    exponent = int(f"{number:.16e}".partition("e")[2])
    return float(10.0 ** (exponent - len(digits) + 1))
