"""What bends the perceptron, each with its vector-Jacobian product, element by element."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .array import Array

GELU_SCALE = math.sqrt(2 / math.pi)
GELU_CUBE = 0.044715


class Activation(NamedTuple):
    """`value(x)` has the shape of `x`; `vjp(x, dL/dy)` gives `dL/dx`, of that shape too."""

    value: Callable[[Array], Array]
    vjp: Callable[[Array, Array], Array]


def relu(x: Array) -> Array:
    """`max(x, 0)`."""
    return np.maximum(x, 0.0)


def relu_vjp(x: Array, output_grad: Array) -> Array:
    """The gradient passes where `x > 0`; at exactly 0 the slope is taken as 0."""
    return np.where(x > 0.0, output_grad, 0.0)


def squared_relu(x: Array) -> Array:
    """`relu(x) ** 2`."""
    return relu(x) ** 2


def squared_relu_vjp(x: Array, output_grad: Array) -> Array:
    """The slope is `2 relu(x)`: a kink no more, but 0 below 0 as before."""
    return 2.0 * relu(x) * output_grad


def gelu(x: Array) -> Array:
    """`0.5 x (1 + tanh(u))` with `u = sqrt(2 / pi) (x + 0.044715 x**3)`, as GPT-2 has it."""
    return 0.5 * x * (1.0 + np.tanh(_gelu_inner(x)))


def gelu_vjp(x: Array, output_grad: Array) -> Array:
    """The product rule, with `tanh' = 1 / cosh**2`.

    The slope is `0.5 (1 + tanh(u)) + 0.5 x / cosh(u)**2 du/dx`, and
    `du/dx = sqrt(2 / pi) (1 + 3 * 0.044715 x**2)`.
    """
    u = _gelu_inner(x)
    inner_slope = GELU_SCALE * (1.0 + 3.0 * GELU_CUBE * x * x)
    # Not `1 - tanh(u)**2`: where tanh is nearly 1, little but its rounding error would be left.
    tanh_slope = 1.0 / np.cosh(u) ** 2
    return (0.5 * (1.0 + np.tanh(u)) + 0.5 * x * tanh_slope * inner_slope) * output_grad


def _gelu_inner(x: Array) -> Array:
    """The `u` above."""
    return GELU_SCALE * (x + GELU_CUBE * x * x * x)


RELU = Activation(relu, relu_vjp)

ACTIVATIONS = {
    "relu": RELU,
    "squared_relu": Activation(squared_relu, squared_relu_vjp),
    "gelu": Activation(gelu, gelu_vjp),
}
"""By the protocol's names."""
