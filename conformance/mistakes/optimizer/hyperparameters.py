"""Mistakes in the optimizer's hyperparameters."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import reference.adam
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Weights
from reference.state import State

from ..mistake import Patch, mistake_at
from ..parts import single
from ..patch_of_function import given_to

mistake = mistake_at(Level.ADAM)


def _configured(change: Callable[[Config], Config]) -> Patch:
    """Adam with other hyperparameters than those of the question."""
    original = reference.adam.adam

    def adam(state: State, grads: Weights, config: Config) -> State:
        return original(state, grads, change(config))

    return {"adam": adam}


@mistake(
    "beta1 is 0.9",
    what="beta1 is 0.9 instead of 0.85, so m changes too slowly.",
    why="0.9 is the default everywhere; this program uses 0.85.",
    mend="Use 0.85, as published; a port reads beta1 from the question.",
)
def beta1_of_0_9() -> Patch:
    return _configured(lambda config: replace(config, beta1=0.9))


@mistake(
    "beta2 is 0.999",
    what="beta2 is 0.999 instead of 0.99, so v changes too slowly.",
    why="0.999 is the default everywhere; this program uses 0.99.",
    mend="Use 0.99, as published; a port reads beta2 from the question.",
)
def beta2_of_0_999() -> Patch:
    return _configured(lambda config: replace(config, beta2=0.999))


@mistake(
    "The betas are 0.9 and 0.999",
    what="beta1 is 0.9 instead of 0.85, and beta2 is 0.999 instead of 0.99.",
    why="These are Adam's defaults in its paper and in most libraries.",
    mend="Use 0.85 and 0.99, as published; a port reads both from the question.",
    languages=("PyTorch", "TensorFlow", "any"),
)
def betas_of_the_paper() -> Patch:
    return _configured(lambda config: replace(config, beta1=0.9, beta2=0.999))


@mistake(
    "The betas are 0.9 and 0.95",
    what="beta1 is 0.9 instead of 0.85, and beta2 is 0.95 instead of 0.99.",
    why="An early revision of the program and many language models use these values.",
    mend="Use 0.85 and 0.99, as published; a port reads both from the question.",
)
def betas_of_language_models() -> Patch:
    return _configured(lambda config: replace(config, beta1=0.9, beta2=0.95))


@mistake(
    "The betas are swapped",
    what="m decays with beta2, and v with beta1.",
    why="Two arguments of the same type are easily passed in the wrong order.",
    mend="Use beta1 for the mean of the gradient, and beta2 for the mean of its square.",
)
def betas_swapped() -> Patch:
    return _configured(lambda c: replace(c, beta1=c.beta2, beta2=c.beta1))


@mistake(
    "Hyperparameters are single-precision literals",
    what="Learning rate, betas and epsilon have relative errors of about 1e-8.",
    why="A suffix (`0.85f`) or a type makes them single precision, and the conversion to double is "
    "silent.",
    mend="Write the literals in double precision.",
    languages=("C", "C++", "C#", "Java", "Rust", "GLSL"),
    only_in_double=True,
)
@given_to(_configured)
def hyperparameters_in_single_precision(config: Config) -> Config:
    names = ("learning_rate", "beta1", "beta2", "eps_adam")
    rounded: dict[str, Any] = {name: single(getattr(config, name)) for name in names}
    return replace(config, **rounded)


@mistake(
    "Adam's epsilon is 1e-7",
    what="1e-7 is added to the root instead of 1e-8.",
    why="It is the default of Keras.",
    mend="Use 1e-8, as published; a port reads epsilon from the question.",
    languages=("TensorFlow", "Keras"),
    twins={
        "adam-epsilon-before-the-correction": "Compare small gradients at the first step and at a "
        "late one. At the first step both act like 1e-7, since 1 / sqrt(1 - 0.99) is 10; at a late "
        "step, epsilon before the correction acts like 1e-8.",
    },
)
def adam_epsilon_1e_7() -> Patch:
    return _configured(lambda config: replace(config, eps_adam=1e-7))
