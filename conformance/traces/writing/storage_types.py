"""The types in which numbers are stored, and what storing numbers in them rounds."""

from typing import Literal, NamedTuple

import numpy as np

from golden.numbers import Array

StorageType = Literal["bfloat16", "float16", "float32"]

HALF: tuple[StorageType, ...] = ("bfloat16", "float16")
"""Types of half precision, the coarsest first; for computations in them there are no budgets."""


class _Spacing(NamedTuple):
    """How far numbers of a type lie apart: by their significant bits, and at the least."""

    bits: int
    least: int


SPACINGS: dict[StorageType, _Spacing] = {
    "bfloat16": _Spacing(8, -133),
    "float16": _Spacing(11, -24),
    "float32": _Spacing(24, -149),
}
"""By type, the coarsest first; the least is a power of 2."""


def storage_type_of(numbers: Array) -> StorageType | None:
    """The coarsest type that holds all of some finite numbers; None for float64."""
    fitting = (kind for kind in SPACINGS if _are_multiples(numbers, spacing(numbers, kind)))
    return next(fitting, None)


def spacing(numbers: Array, kind: StorageType) -> Array:
    """The distance from each number to the next one of a type."""
    bits, least = SPACINGS[kind]
    exponents = np.where(numbers == 0, least, np.frexp(numbers)[1] - bits)
    result: Array = np.ldexp(1.0, np.maximum(exponents, least))
    return result


def rounding_in_storage(numbers: Array, kind: StorageType) -> Array:
    """The largest error of each number if storing rounded all of them to a type, or a coarser one.

    Numbers that are finer than the type were not rounded to it.
    """
    found = storage_type_of(numbers[np.isfinite(numbers)])
    if found is None or SPACINGS[found].bits > SPACINGS[kind].bits:
        return np.zeros(numbers.shape)
    return spacing(numbers, found) / 2


def _are_multiples(numbers: Array, units: Array) -> bool:
    ratios = numbers / units
    return bool((ratios == np.rint(ratios)).all())
