"""Judges whether the first weights are drawn as the published program draws them."""

from collections.abc import Iterator

import numpy as np

from conformance.anatomy.step_array import Order
from golden.numbers import Array

SIGMAS = 6
"""A statistic of right weights lies further from its mean once in 500 million draws."""

FEWEST = 64


def wrong_statistics(weights: Array, order: Order, std: float) -> Iterator[str]:
    """Sentences on what is not as in draws from a normal distribution with mean 0.

    Args:
        weights: the weights, in canonical order.
        order: the order.
        std: the standard deviation that they should have.
    """
    if not np.isfinite(weights).all():
        yield "some weights are not finite"
        return
    for name, matrix in order.views(weights).items():
        n = matrix.size
        if n < FEWEST:
            continue
        found, mean = float(matrix.std()), float(matrix.mean())
        if abs(found - std) > SIGMAS * std / np.sqrt(2 * n):
            yield f"the standard deviation of {name} is {found:.4g}, not {std:g}"
        elif abs(mean) > SIGMAS * std / np.sqrt(n):
            yield f"the mean of {name} is {mean:.4g}, not 0"
    scaled = weights / (weights.std() or 1.0)
    kurtosis = float(np.mean((scaled - scaled.mean()) ** 4))
    if weights.std() and abs(kurtosis - 3) > SIGMAS * np.sqrt(24 / weights.size):
        yield f"the weights are not normally distributed: their kurtosis is {kurtosis:.3g}, not 3"
    if np.unique(weights).size < weights.size / 2:
        yield "most weights are equal to another one"
