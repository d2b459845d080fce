"""Mistakes in the optimizer's two moments, the running means."""

from conformance.anatomy.levels import Level
from reference.config import Config

from ..mistake import Patch, mistake_at
from ..seams import training
from ..seams.training import Corrections, adam_with

mistake = mistake_at(Level.ADAM)


@mistake(
    "Weights move by the gradient, not by its mean",
    what="The update is lr * g / (sqrt(v_hat) + eps), without momentum.",
    why="It is RMSprop, or the gradient's variable was used instead of the moment's.",
    mend="Divide the corrected first moment, not the gradient.",
)
def momentum_missing() -> Patch:
    latest = 0.0

    def first_moment(m: float, g: float, config: Config) -> float:
        nonlocal latest
        latest = g
        return original(m, g, config)

    def update(rate: float, _m: float, v: float, by: Corrections, config: Config) -> float:
        change: float = rate * latest / ((v / by[1]) ** 0.5 + config.eps_adam)
        return change

    original = training.first_moment
    return adam_with(first_moment=first_moment, update=update)


@mistake(
    "The first moment is a sum, not a mean",
    what="m is beta1 * m + g, larger by a factor of 1 / (1 - beta1).",
    why="Momentum in plain gradient descent is written this way.",
    mend="Use m = beta1 * m + (1 - beta1) * g.",
)
def first_moment_of_sums() -> Patch:
    return adam_with(first_moment=lambda m, g, config: config.beta1 * m + g)


@mistake(
    "The second moment squares the first moment",
    what="v is updated with m**2 instead of g**2.",
    why="m was updated one line above, and its name is at hand.",
    mend="Use v = beta2 * v + (1 - beta2) * g**2.",
)
def second_moment_of_the_first() -> Patch:
    return adam_with(second_moment=lambda v, _g, m, c: c.beta2 * v + (1 - c.beta2) * m**2)


@mistake(
    "The gradient is squared before the first moment uses it",
    what="m is updated with g**2 instead of g.",
    why="The array of gradients is reused for their squares.",
    mend="Update m before squaring, or write the squares to another array.",
    languages=("NumPy", "C", "CUDA"),
)
def gradient_squared_in_place() -> Patch:
    original = training.first_moment
    return adam_with(first_moment=lambda m, g, config: original(m, g**2, config))


@mistake(
    "The second moment never decreases",
    what="v is the maximum over all steps, as in AMSGrad.",
    why="Some libraries offer AMSGrad as an option.",
    mend="Use v = beta2 * v + (1 - beta2) * g**2, without a maximum.",
    languages=("PyTorch", "TensorFlow"),
)
def second_moment_never_falls() -> Patch:
    original = training.second_moment
    return adam_with(second_moment=lambda v, g, m, config: max(v, original(v, g, m, config)))
