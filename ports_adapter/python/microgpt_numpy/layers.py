"""The layers, each with its vector-Jacobian product (VJP) derived by hand.

Arrays hold one row a position: `[positions][features]`. Every row is independent of the others,
so a layer is vectorised over positions by nothing more than NumPy's own rules. For a layer
`y = f(x)`, `f_vjp(..., output_grad)` takes `dL/dy` and gives `dL/dx`, and likewise for weights.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .activations import Activation
from .array import Array

RMSNORM_EPS = 1e-5


def linear(x: Array, w: Array) -> Array:
    """Matrix times vector at every position: `y[p][o] = sum_i w[o][i] x[p][i]`.

    `x` is `[positions][nin]`, `w` is `[nout][nin]`, the result `[positions][nout]`.
    """
    return x @ w.T


def linear_vjp(x: Array, w: Array, output_grad: Array) -> tuple[Array, Array]:
    """Gradients by `x` and `w`.

    `dL/dx[p][i] = sum_o dL/dy[p][o] w[o][i]`: back through the same weights.
    `dL/dw[o][i] = sum_p dL/dy[p][o] x[p][i]`: every position uses the weights once.
    """
    return output_grad @ w, output_grad.T @ x


def softmax(x: Array) -> Array:
    """`exp(x_i) / sum_j exp(x_j)` along the last axis, of any shape.

    Subtracting the maximum changes nothing in the quotient and keeps `exp` from overflowing.
    """
    maximum: Array = x.max(axis=-1, keepdims=True)
    exps = np.exp(x - maximum)
    total: Array = exps.sum(axis=-1, keepdims=True)
    return exps / total


def softmax_vjp(output: Array, output_grad: Array) -> Array:
    """Gradient by the input, from the softmax's own output `y`.

    `dy_i/dx_j = y_i ((i == j) - y_j)`, hence `dL/dx_j = y_j (dL/dy_j - sum_i y_i dL/dy_i)`.
    """
    mean_grad: Array = (output * output_grad).sum(axis=-1, keepdims=True)
    return output * (output_grad - mean_grad)


def rmsnorm(x: Array) -> Array:
    """`x * s` with `s = (mean(x * x) + 1e-5) ** -0.5`, row by row."""
    return x * _rms_scale(x)


def rmsnorm_vjp(x: Array, output_grad: Array) -> Array:
    """Gradient by `x`, of which the scale `s` depends on every element.

    `ds/dx_j = -s^3 x_j / E`, hence
    `dL/dx_j = s dL/dy_j - s^3 x_j mean_i(x_i dL/dy_i)`.
    """
    scale = _rms_scale(x)
    mean_product: Array = (x * output_grad).mean(axis=-1, keepdims=True)
    return scale * output_grad - scale**3 * x * mean_product


def _rms_scale(x: Array) -> Array:
    """`(mean(x * x) + 1e-5) ** -0.5` of every row, `[positions][1]`."""
    mean_square: Array = (x * x).mean(axis=-1, keepdims=True)
    return (mean_square + RMSNORM_EPS) ** -0.5


class Mlp(NamedTuple):
    """The perceptron's nodes, in the order they are computed."""

    hidden: Array
    activation: Array
    output: Array


class MlpGrads(NamedTuple):
    """Gradients by the perceptron's inputs, and by its inner nodes."""

    x: Array
    fc1: Array
    fc2: Array
    hidden: Array
    activation: Array


def mlp(x: Array, fc1: Array, fc2: Array, activation: Activation) -> Mlp:
    """`fc2 @ activation(fc1 @ x)`: wider, bent, and back.

    `x` is `[positions][nin]`, `fc1` is `[units][nin]`, `fc2` is `[nout][units]`.
    """
    hidden = linear(x, fc1)
    activated = activation.value(hidden)
    return Mlp(hidden, activated, linear(activated, fc2))


def mlp_vjp(
    x: Array, fc1: Array, fc2: Array, activation: Activation, nodes: Mlp, output_grad: Array
) -> MlpGrads:
    """The chain rule through the three steps of `mlp`, whose `nodes` were kept."""
    activation_grad, fc2_grad = linear_vjp(nodes.activation, fc2, output_grad)
    hidden_grad = activation.vjp(nodes.hidden, activation_grad)
    x_grad, fc1_grad = linear_vjp(x, fc1, hidden_grad)
    return MlpGrads(x_grad, fc1_grad, fc2_grad, hidden_grad, activation_grad)


def cross_entropy(logits: Array, targets: Sequence[int]) -> Array:
    """`-log(softmax(logits)[target])` at every position, `[positions]`, in nats.

    Written out, that is `log(sum_j exp(x_j - max)) - (x_target - max)`, which stays finite where
    the probability itself would underflow to 0.
    """
    maximum: Array = logits.max(axis=-1, keepdims=True)
    shifted = logits - maximum
    log_total: Array = np.log(np.exp(shifted).sum(axis=-1))
    shifted_targets: Array = shifted[np.arange(len(targets)), targets]
    return log_total - shifted_targets


def cross_entropy_vjp(logits: Array, targets: Sequence[int]) -> Array:
    """Gradient of each position's loss by its logits: `softmax(logits) - (j == target)`."""
    logits_grad = softmax(logits)
    logits_grad[np.arange(len(targets)), targets] -= 1.0
    return logits_grad
