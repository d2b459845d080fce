"""Arrays of numbers as JSON carries them, and how far two of them are apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def as_array(numbers: Any) -> Array:
    """Nested lists of numbers as an array; NaN and the infinities may be strings.

    Raises:
        ValueError: the lists are ragged, or hold something that is not a number.
    """
    return np.asarray(numbers, dtype=np.float64)


def as_carried(array: Array, precision: str) -> Array:
    """What numbers of a precision were, before they were written as decimals.

    The shortest decimals that tell float32 apart are not float32 themselves: read as float64,
    each is up to half a unit in the last place away from what it stands for.
    """
    if precision == "float64":
        return array
    with np.errstate(over="ignore"):
        return array.astype(np.float32).astype(np.float64)


def ulps(a: Array, b: Array) -> Array:
    """Units in the last place from `a` to `b`, element by element.

    That is how many steps to the next float64 lie between them: 0 where they are equal
    (-0 equals 0, NaN equals NaN), infinite where just one of them is finite.
    """
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    comparable = np.isfinite(a) & np.isfinite(b)
    # In 64-bit integers the distance of far apart floats of opposite sign overflows.
    near = np.sign(a) == np.sign(b)
    steps = np.abs(np.where(near, _ordered(a) - _ordered(b), 0)).astype(np.float64)
    far = np.abs(_ordered(a).astype(np.float64)) + np.abs(_ordered(b).astype(np.float64))
    distance = np.where(near, steps, far)
    result: Array = np.where(same, 0.0, np.where(comparable, distance, np.inf))
    return result


def _ordered(a: Array) -> NDArray[np.int64]:
    """Integers in the order of the floats, neighbours one apart."""
    bits = np.ascontiguousarray(a).view(np.int64)
    result: NDArray[np.int64] = np.where(bits < 0, np.iinfo(np.int64).min - bits, bits)
    return result
