"""Squares and square roots with the bits of `pow`, at the speed of products and roots.

The program writes `g ** 2` and `v ** 0.5`, which call the C library's `pow`. Its error is a
little more than half a unit in the last place (glibc: 0.52). So it can differ from the correctly
rounded `g * g` only if the exact square is close to the midpoint of two floats. The rounding
error of the product shows how close it is: within `SAFE` units of a float, `pow` gives that
float; otherwise `pow` is called.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .kernels import compiled

SAFE = 0.45
"""Valid for every `pow` with an error below 0.55 units in the last place."""

SMALLEST, LARGEST = 1e-280, 1e280
"""Between these bounds no intermediate underflows or overflows."""

EXPONENT_BITS = 0x7FF0000000000000
UNIT = 2.0**-52
SPLITTER = 2.0**27 + 1


@compiled
def _square_error(a: float, square: float) -> float:
    """The rounding error of `a * a`, exactly (Dekker 1971)."""
    split = SPLITTER * a
    high = split - (split - a)
    low = a - high
    return ((high * high - square) + 2 * high * low) + low * low


@compiled
def _units(values: Any, size: int) -> Any:
    """The unit in the last place of each value."""
    bits = values.view(np.int64)
    units = np.empty(size, np.int64)
    for k in range(size):
        units[k] = bits[k] & EXPONENT_BITS
    return units.view(np.float64)


@compiled
def squares(values: Any, two: float, out: Any, size: int) -> None:
    """`out = values ** two`, bit for bit; a constant 2 would be compiled to a product."""
    for k in range(size):
        out[k] = values[k] * values[k]
    scale = _units(out, size)
    safe = np.empty(size, np.bool_)
    for k in range(size):
        error = _square_error(values[k], out[k])
        safe[k] = (abs(error) <= SAFE * UNIT * scale[k]) & (out[k] > SMALLEST) & (out[k] < LARGEST)
    for k in range(size):
        if not (safe[k] or values[k] == 0):
            out[k] = values[k] ** two


@compiled
def roots(values: Any, half: float, out: Any, size: int) -> None:
    """`out = values ** half`, bit for bit; a constant 0.5 would be compiled to a root."""
    for k in range(size):
        out[k] = math.sqrt(values[k])
    scale = _units(out, size)
    safe = np.empty(size, np.bool_)
    for k in range(size):
        square = out[k] * out[k]
        error = (values[k] - square) - _square_error(out[k], square)
        near = abs(error) <= 2 * SAFE * UNIT * scale[k] * out[k]
        safe[k] = near & (values[k] > SMALLEST) & (values[k] < LARGEST)
    for k in range(size):
        if not (safe[k] or values[k] == 0):
            out[k] = values[k] ** half
