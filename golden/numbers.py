"""Arrays of the numbers in JSON documents, and distances between them in ulps."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def as_array(numbers: Any) -> Array:
    """Nested lists of numbers as a float64 array; NaN and the infinities may be strings.

    Raises:
        ValueError: the lists are ragged, or hold something that is not a number.
    """
    return np.asarray(numbers, dtype=np.float64)


def as_carried(array: Array, precision: str) -> Array:
    """The numbers of a precision that were written as these decimals.

    The shortest decimal that identifies a float32, read as a float64, is up to half a float32
    ulp away from it.
    """
    if precision == "float64":
        return array
    with np.errstate(over="ignore"):
        return array.astype(np.float32).astype(np.float64)


def ulps(a: Array, b: Array) -> Array:
    """The distance between `a` and `b` in units in the last place, element by element.

    This is the number of float64 steps between them: 0 if they are equal (-0 equals 0, NaN
    equals NaN), infinite if only one of them is finite.
    """
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    comparable = np.isfinite(a) & np.isfinite(b)
    # The distance of distant floats of opposite sign overflows a 64-bit integer.
    near = np.sign(a) == np.sign(b)
    steps = np.abs(np.where(near, _ordered(a) - _ordered(b), 0)).astype(np.float64)
    far = np.abs(_ordered(a).astype(np.float64)) + np.abs(_ordered(b).astype(np.float64))
    distance = np.where(near, steps, far)
    result: Array = np.where(equal, 0.0, np.where(comparable, distance, np.inf))
    return result


def _ordered(a: Array) -> NDArray[np.int64]:
    """Integers in the order of the floats; neighboring floats give successive integers."""
    bits = np.ascontiguousarray(a).view(np.int64)
    result: NDArray[np.int64] = np.where(bits < 0, np.iinfo(np.int64).min - bits, bits)
    return result
