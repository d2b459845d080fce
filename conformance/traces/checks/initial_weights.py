"""Judges whether the first weights are drawn as the published program draws them."""

from collections.abc import Iterator

import numpy as np

from conformance.anatomy.step_array import Order
from golden.numbers import Array
from reference.config import Config

from ..writing.storage_types import HALF, storage_type_of

SIGMAS = 6
"""A statistic of right weights lies further from its mean once in 500 million draws."""

FEWEST = 64


def wrong_statistics(weights: Array, order: Order, config: Config) -> Iterator[str]:
    """Sentences on what is not as in draws from a normal distribution with mean 0.

    Args:
        weights: the weights, in canonical order.
        order: the order.
        config: has the standard deviations that they should have.
    """
    if not np.isfinite(weights).all():
        yield "some weights are not finite"
        return
    drawn: list[Array] = []
    for name, matrix in order.views(weights).items():
        std = _std_of(name, config)
        if matrix.size >= FEWEST:
            yield from _wrong_matrix(name, matrix, std)
        if std:
            drawn.append(matrix.ravel() / std)
    whole = np.concatenate(drawn)
    kurtosis = float(np.mean(((whole - whole.mean()) / (whole.std() or 1.0)) ** 4))
    if abs(kurtosis - 3) > SIGMAS * np.sqrt(24 / whole.size):
        yield f"the weights are not normally distributed: their kurtosis is {kurtosis:.3g}, not 3"
    is_coarse = storage_type_of(weights) in HALF
    if not is_coarse and np.unique(whole).size < whole.size / 2:
        yield "most weights are equal to another one"


def _std_of(name: str, config: Config) -> float:
    is_out = name.endswith(("attn_wo", "mlp_fc2")) and config.init_std_out is not None
    return config.init_std_out if is_out else config.init_std  # type: ignore[return-value]


def _wrong_matrix(name: str, matrix: Array, std: float) -> Iterator[str]:
    found, mean = float(matrix.std()), float(matrix.mean())
    if abs(found - std) > SIGMAS * std / np.sqrt(2 * matrix.size):
        field = "init_std_out" if name.endswith(("attn_wo", "mlp_fc2")) else "init_std"
        yield (
            f"the standard deviation of {name} is {found:.4g}, not {std:g}; if that is meant, "
            f'state "{field}": {found:.2g} in the first record'
        )
    elif abs(mean) > SIGMAS * std / np.sqrt(matrix.size):
        yield f"the mean of {name} is {mean:.4g}, not 0"
