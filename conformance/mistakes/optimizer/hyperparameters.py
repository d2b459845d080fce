"""Mistakes in the optimiser's hyperparameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import reference.adam
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Weights
from reference.state import State

from ..mistake import Patch, mistake
from ..parts import single

Corrections = tuple[float, float]


def _configured(change: Callable[[Config], Config]) -> Patch:
    """Adam with other hyperparameters than were asked for."""
    right = reference.adam.adam

    def adam(state: State, grads: Weights, config: Config) -> State:
        return right(state, grads, change(config))

    return {"adam": adam}


@mistake(
    "beta1 is 0.9",
    what="The first moment decays more slowly than it should.",
    why="0.9 is the default everywhere; this program has 0.85.",
    mend="Take beta1 from the configuration: 0.85 in the published program.",
    level=Level.ADAM,
    languages=("any",),
)
def beta1_of_0_9() -> Patch:
    return _configured(lambda config: replace(config, beta1=0.9))


@mistake(
    "beta2 is 0.999",
    what="The second moment decays more slowly than it should.",
    why="0.999 is the default everywhere; this program has 0.99.",
    mend="Take beta2 from the configuration: 0.99 in the published program.",
    level=Level.ADAM,
    languages=("any",),
)
def beta2_of_0_999() -> Patch:
    return _configured(lambda config: replace(config, beta2=0.999))


@mistake(
    "The betas are 0.9 and 0.95",
    what="Both moments decay at other rates.",
    why="An early revision of the program has these, and so do many language models.",
    mend="Take both from the configuration: 0.85 and 0.99 in the published program.",
    level=Level.ADAM,
    languages=("any",),
)
def betas_of_language_models() -> Patch:
    return _configured(lambda config: replace(config, beta1=0.9, beta2=0.95))


@mistake(
    "The betas are swapped",
    what="The first moment decays with beta2 and the second with beta1.",
    why="Two arguments of one type are easily passed the wrong way round.",
    mend="beta1 belongs to the gradient's mean, beta2 to that of its square.",
    level=Level.ADAM,
    languages=("any",),
)
def betas_swapped() -> Patch:
    return _configured(lambda c: replace(c, beta1=c.beta2, beta2=c.beta1))


@mistake(
    "Hyperparameters are literals in single precision",
    what="Learning rate, betas and epsilon are off by some 1e-8 of themselves.",
    why="A suffix (`0.85f`) or a type makes them single, and the conversion to double is silent.",
    mend="Write literals in double precision.",
    level=Level.ADAM,
    languages=("C", "C++", "C#", "Java", "Rust", "GLSL"),
    only_in_double=True,
)
def hyperparameters_in_single_precision() -> Patch:
    return _configured(
        lambda config: replace(
            config,
            learning_rate=single(config.learning_rate),
            beta1=single(config.beta1),
            beta2=single(config.beta2),
            eps_adam=single(config.eps_adam),
        )
    )


@mistake(
    "Adam's epsilon is 1e-7",
    what="1e-7 is added to the root in place of 1e-8.",
    why="It is Keras's default.",
    mend="Take epsilon from the configuration: 1e-8 in the published program.",
    level=Level.ADAM,
    languages=("TensorFlow", "Keras"),
    twins={
        "adam-epsilon-before-the-correction": "Compare small gradients at the first step and at a "
        "late one: there, epsilon before the correction is back at 1e-8. At the first step it "
        "counts 1e-7, too, since 1 / sqrt(1 - 0.99) is 10.",
    },
)
def adam_epsilon_1e_7() -> Patch:
    return _configured(lambda config: replace(config, eps_adam=1e-7))
