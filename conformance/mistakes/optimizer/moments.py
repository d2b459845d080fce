"""Mistakes in the optimiser's running means."""

from __future__ import annotations

from conformance.anatomy.levels import Level
from reference.config import Config

from .. import seams
from ..mistake import Patch, mistake
from ..seams import adam_with

Corrections = tuple[float, float]


@mistake(
    "Weights move by the gradient, not by its mean",
    what="There is no momentum: the gradient is divided by the root of the second moment.",
    why="It is RMSprop, or the variable of the gradient is still at hand.",
    mend="Divide the corrected first moment, not the gradient.",
    level=Level.ADAM,
    languages=("any",),
)
def momentum_missing() -> Patch:
    latest = 0.0

    def first_moment(m: float, g: float, config: Config) -> float:
        nonlocal latest
        latest = g
        return right(m, g, config)

    def update(rate: float, _m: float, v: float, by: Corrections, config: Config) -> float:
        change: float = rate * latest / ((v / by[1]) ** 0.5 + config.eps_adam)
        return change

    right = seams.first_moment
    return adam_with(first_moment=first_moment, update=update)


@mistake(
    "The first moment is a sum, not a mean",
    what="m is beta1 * m + g: larger by 1 / (1 - beta1).",
    why="Momentum in plain gradient descent is written so.",
    mend="Multiply the gradient by 1 - beta1.",
    level=Level.ADAM,
    languages=("any",),
)
def first_moment_of_sums() -> Patch:
    return adam_with(first_moment=lambda m, g, config: config.beta1 * m + g)


@mistake(
    "The second moment is made of the first",
    what="v takes the square of m, not of the gradient.",
    why="m was updated a line above, and has a name that is at hand.",
    mend="Square the gradient.",
    level=Level.ADAM,
    languages=("any",),
)
def second_moment_of_the_first() -> Patch:
    return adam_with(second_moment=lambda v, _g, m, c: c.beta2 * v + (1 - c.beta2) * m**2)


@mistake(
    "The gradient is squared in place before the first moment takes it",
    what="m takes the square of the gradient, as v does.",
    why="The array of gradients is reused for the squares.",
    mend="Update m before squaring, or square into another array.",
    level=Level.ADAM,
    languages=("NumPy", "C", "CUDA"),
)
def gradient_squared_in_place() -> Patch:
    right = seams.first_moment
    return adam_with(first_moment=lambda m, g, config: right(m, g**2, config))


@mistake(
    "The second moment never falls",
    what="v is the largest that it ever was.",
    why="It is AMSGrad, an option of some libraries.",
    mend="Let v be the running mean of the squares.",
    level=Level.ADAM,
    languages=("PyTorch", "TensorFlow"),
)
def second_moment_never_falls() -> Patch:
    right = seams.second_moment
    return adam_with(second_moment=lambda v, g, m, config: max(v, right(v, g, m, config)))
