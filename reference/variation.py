"""Variations: a profile with some settings changed, each given as `NAME=VALUE`.

The missions of the study guide are variations, with other sizes, other temperatures, or GELU.
The settings of a profile depend on its parts: model, gradient and optimizer.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from .config import Config
from .profiles import PROFILES, Profile

ALWAYS = ("block_size", "num_steps", "num_samples")
OF_MODEL = {
    "counts": (),
    "mlp": ("n_embd", "init_std", "temperature"),
    "attention": ("n_embd", "init_std", "temperature"),
    "gpt": ("n_embd", "n_head", "n_layer", "init_std", "temperature"),
}
OF_GRADIENT = {"none": (), "by-hand": (), "autograd": ("activation",)}
OF_OPTIMIZER = {
    "counting": (),
    "sgd": ("learning_rate",),
    "adam": ("learning_rate", "beta1", "beta2", "eps_adam"),
}
SIZES = ("n_embd", "n_head", "n_layer", "block_size", "num_steps", "num_samples")


class InvalidVariation(ValueError):
    """There is no such profile or setting, or its value is invalid; the message lists choices."""


def profile_named(name: str) -> Profile:
    """The profile with this name.

    Raises:
        InvalidVariation: there is none.
    """
    if name not in PROFILES:
        raise InvalidVariation(
            f"no profile is called {name!r}{_near(name, PROFILES)} There are {', '.join(PROFILES)}"
        )
    return PROFILES[name]


def settings_of(profile: Profile) -> tuple[str, ...]:
    """The names of the settings of a profile."""
    config = profile.config
    return (
        *ALWAYS,
        *OF_MODEL[config.model],
        *OF_GRADIENT[config.gradient],
        *OF_OPTIMIZER[config.optimizer],
    )


def varied(profile: Profile, settings: Sequence[str]) -> Config:
    """A profile's configuration with settings such as `n_embd=32` changed.

    Raises:
        InvalidVariation: a setting does not have the form `NAME=VALUE`, is not one of the
            profile's, or has a value of the wrong type.
        InvalidConfig: the values contradict each other.
    """
    changes: dict[str, float | str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise InvalidVariation(f"{setting!r} is no setting: write NAME=VALUE, as in n_embd=32")
        if name not in settings_of(profile):
            known = settings_of(profile)
            raise InvalidVariation(
                f"{profile.name} has no setting {name!r}{_near(name, known)} "
                f"It has {', '.join(known)}"
            )
        changes[name] = _value(name, value)
    return replace(profile.config, **changes)  # type: ignore[arg-type]


def _value(name: str, text: str) -> float | str:
    if name == "activation":
        return text
    try:
        return int(text) if name in SIZES else float(text)
    except ValueError:
        kind = "a whole number" if name in SIZES else "a number"
        raise InvalidVariation(f"{name} is {text!r}; it must be {kind}") from None


def _near(name: str, known: Sequence[str] | dict[str, Profile]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f": is {near[0]!r} meant?" if near else "."
