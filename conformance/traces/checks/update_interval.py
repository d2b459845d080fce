"""Adam's update from inputs that are known only within bounds.

A trace may lack gradients or moments, or give them with few digits. The right update then lies in
an interval. The moments are monotone in their inputs, and the direction `m / (sqrt(v) + eps)` has
its extremes at the corners of the intervals of `m` and `v`.
"""

from dataclasses import dataclass

import numpy as np

from golden.numbers import Array
from reference.config import Config

from ..writing.shown_numbers import Bounded


@dataclass(frozen=True, slots=True)
class UpdateError:
    """How far an update may lie from the one of the middle inputs, for reasons of its inputs."""

    m: Array
    v: Array
    weights: Array


def update_error(
    step: int, weights: Bounded, m: Bounded, v: Bounded, grads: Bounded, config: Config
) -> UpdateError:
    """The error of an update that the errors of its inputs may cause.

    Args:
        step: the 0-based step.
        weights: the weights before it.
        m: the first moments before it.
        v: the second moments before it.
        grads: the gradients of the step.
        config: the hyperparameters.
    """
    beta1, beta2 = config.beta1, config.beta2
    m_error = beta1 * m.error + (1 - beta1) * grads.error
    # The error of a square: (|g| + e)^2 - g^2.
    square_error = grads.error * (2 * np.abs(grads.numbers) + grads.error)
    v_error = beta2 * v.error + (1 - beta2) * square_error
    m_after = beta1 * m.numbers + (1 - beta1) * grads.numbers
    v_after = beta2 * np.maximum(v.numbers, 0) + (1 - beta2) * grads.numbers**2
    power1, power2 = beta1 ** (step + 1), beta2 ** (step + 1)

    def direction(m_: Array, v_: Array) -> Array:
        corrected = np.sqrt(np.maximum(v_, 0) / (1 - power2))
        ratio: Array = m_ / (1 - power1) / (corrected + config.eps_adam)
        return ratio

    middle = direction(m_after, v_after)
    corners = [
        np.abs(direction(m_after + a * m_error, v_after + b * v_error) - middle)
        for a in (-1, 1)
        for b in (-1, 1)
    ]
    rate = config.learning_rate_at(step)
    return UpdateError(m_error, v_error, weights.error + rate * np.max(corners, axis=0))
