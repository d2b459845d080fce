"""Reads the hyperparameters of Adam off the first update that a program wrote."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from golden.numbers import Array
from reference.config import Config

from ..writing.shown_numbers import Bounded

DIGITS = 4
"""Hyperparameters are taken to have so few significant digits."""

LARGE = 0.1
"""Numbers of this share of the largest one tell a ratio best."""


def shown_hyperparameters(
    config: Config, weights: Array, grads: Array, after: Mapping[str, Bounded | None]
) -> Config:
    """The configuration with the betas and the learning rate that the first update shows.

    Before the first update all moments are 0, so `m` is `(1 - beta1) g`, `v` is `(1 - beta2) g^2`,
    and with bias correction each weight moves by the learning rate.

    Args:
        config: the configuration by which the update is wrong.
        weights: the weights before the update.
        grads: the gradients.
        after: the state after the update, as far as the program wrote it.
    """
    found: dict[str, float] = {}
    for kind, name, of in (("m", "beta1", grads), ("v", "beta2", grads**2)):
        moments = after[kind]
        if moments is not None:
            found[name] = _rounded(1 - _ratio(moments.numbers, of))
    moved = after["weights"]
    if moved is not None:
        found["learning_rate"] = _rounded(_ratio(weights - moved.numbers, np.sign(grads)))
    usable = {name: x for name, x in found.items() if 0 < x < 1}
    return replace(config, **usable)  # type: ignore[arg-type]


def _ratio(numbers: Array, of: Array) -> float:
    telling = np.abs(of) > LARGE * np.abs(of).max()
    return float(np.median(numbers[telling] / of[telling])) if telling.any() else 0.0


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}") if np.isfinite(number) else 0.0


def differences(shown: Config, config: Config) -> dict[str, float]:
    """The hyperparameters in which two configurations differ, by name."""
    names = ("learning_rate", "beta1", "beta2")
    return {
        name: getattr(shown, name)
        for name in names
        if getattr(shown, name) != getattr(config, name)
    }
