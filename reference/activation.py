"""What stands between the two matrices of the MLP, by name."""

from __future__ import annotations

import math
from collections.abc import Callable

from .value import Value


def relu(x: Value) -> Value:
    """The value where it is positive, else 0."""
    return x.relu()


def squared_relu(x: Value) -> Value:
    """The square of relu (So et al. 2021)."""
    return x.relu() ** 2


def gelu(x: Value) -> Value:
    """`x * (1 + tanh(u)) / 2` with `u = sqrt(2 / pi) * (x + 0.044715 x**3)`, as GPT-2 has it.

    Written with `(1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u))` (Hendrycks and Gimpel 2016), above and
    below by whichever of the exponentials of `2 u` and `-2 u` does not exceed 1.
    """
    twice = (x + x**3 * 0.044715) * (2 * math.sqrt(2 / math.pi))
    rise, fall = (-(-twice).relu()).exp(), (-twice.relu()).exp()
    return x * (rise / (rise + fall))


ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "relu": relu,
    "squared_relu": squared_relu,
    "gelu": gelu,
}
