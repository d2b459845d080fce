"""Mistakes in the optimizer's update."""

import math
from collections.abc import Callable
from dataclasses import replace

from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Weights
from reference.state import State

from ..mistake import Patch, mistake_at
from ..parts import elementwise
from ..patch_of_function import around, given_to, in_place_of
from ..seams import training
from ..seams.training import Corrections, adam_with

mistake = mistake_at(Level.ADAM)

Adam = Callable[..., State]
"""The optimizer's update of the program: takes a state, gradients and the configuration."""


@mistake(
    "Adam has no bias correction",
    what="m and v are used directly, although they start at 0 and are too small at first.",
    why="The two lines look unimportant.",
    mend="Divide m by 1 - beta1**(step + 1) and v by 1 - beta2**(step + 1).",
)
def bias_correction_missing() -> Patch:
    return adam_with(correction1=lambda _step, _c: 1.0, correction2=lambda _step, _c: 1.0)


@mistake(
    "The first moment is not bias-corrected",
    what="m is used directly; v is corrected.",
    why="One of two similar lines was forgotten.",
    mend="Divide m by 1 - beta1**(step + 1) too.",
)
def first_bias_correction_missing() -> Patch:
    return adam_with(correction1=lambda _step, _c: 1.0)


@mistake(
    "The second moment is not bias-corrected",
    what="v is used directly; m is corrected.",
    why="One of two similar lines was forgotten.",
    mend="Divide v by 1 - beta2**(step + 1) too.",
)
def second_bias_correction_missing() -> Patch:
    return adam_with(correction2=lambda _step, _c: 1.0)


@mistake(
    "Bias correction counts steps from 0",
    what="The exponent is step instead of step + 1. Step 0 is corrected as if it were step 1, "
    "since the correction would be 0.",
    why="The loop variable, which starts at 0, is used directly.",
    mend="Use step + 1 as the exponent.",
    twins={
        "bias-correction-frozen": "Look at a later step (case adam/cold-step-5): both give the "
        "same up to the second step, then a frozen correction grows ever worse.",
    },
)
def adam_step_not_plus_1() -> Patch:
    return adam_with(time=lambda step: max(step, 1))


@mistake(
    "Bias correction counts steps from 2",
    what="The exponent is step + 2 instead of step + 1.",
    why="The counter is incremented before it is used, and 1 is added again.",
    mend="Use step + 1 as the exponent: 1 for the first step.",
)
def adam_step_plus_2() -> Patch:
    return adam_with(time=lambda step: step + 2)


@mistake(
    "Bias correction is always that of the first step",
    what="The exponent is always 1, so updates become more and more too large.",
    why="The optimizer's own counter is never incremented.",
    mend="Increment the counter at every step.",
)
def bias_correction_frozen() -> Patch:
    return adam_with(time=lambda _step: 1)


@mistake(
    "Adam's epsilon is added before the bias correction",
    what="The update is lr * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + eps). Epsilon is "
    "thus divided by the correction's root, and at the first step it is ten times too large.",
    why="Moving the correction into the learning rate is suggested in the paper, and TensorFlow "
    "does it.",
    mend="Correct v, take its root, then add epsilon.",
    languages=("TensorFlow", "Keras", "any"),
)
@given_to(adam_with, "update")
def adam_epsilon_before_the_correction(
    rate: float, m: float, v: float, by: Corrections, config: Config
) -> float:
    change: float = rate * (m / by[0]) * by[1] ** 0.5 / (v**0.5 + config.eps_adam)
    return change


@mistake(
    "Adam's epsilon is inside the root",
    what="The divisor is sqrt(v_hat + eps) instead of sqrt(v_hat) + eps. Weights with small "
    "gradients move too little: 1e-8 inside the root acts like 1e-4 outside.",
    why="Epsilon is inside the root in the norm and in other optimizers.",
    mend="Add epsilon after taking the root of the corrected second moment.",
)
@given_to(adam_with, "update")
def epsilon_inside_the_root(
    rate: float, m: float, v: float, by: Corrections, config: Config
) -> float:
    change: float = rate * (m / by[0]) / (v / by[1] + config.eps_adam) ** 0.5
    return change


@mistake(
    "Adam has no epsilon",
    what="The update is 0 / 0 for weights that never had a gradient, such as rows of unused "
    "tokens: they become NaN.",
    why="The epsilon looks like an unimportant detail.",
    mend="Add epsilon to the root, which prevents 0 / 0.",
)
@given_to(adam_with, "update")
def adam_epsilon_missing(
    rate: float, m: float, v: float, by: Corrections, _config: Config
) -> float:
    root = (v / by[1]) ** 0.5
    change: float = rate * (m / by[0]) / root if root else math.nan
    return change


@mistake(
    "Adam takes no root",
    what="The divisor is v_hat + eps instead of sqrt(v_hat) + eps.",
    why="The root was forgotten.",
    mend="Divide by sqrt(v_hat) + eps.",
)
@given_to(adam_with, "update")
def adam_without_a_root(rate: float, m: float, v: float, by: Corrections, config: Config) -> float:
    change: float = rate * (m / by[0]) / (v / by[1] + config.eps_adam)
    return change


@mistake(
    "Rows without a gradient are skipped",
    what="If all gradients of a row are 0, its weights and moments do not change.",
    why="Unused rows of the embeddings have no gradient and seem to need no update, but momentum "
    "still moves them.",
    mend="Update every weight at every step.",
    languages=("any", "sparse optimizers"),
)
@around("adam")
def rows_without_gradient_skipped(
    adam: Adam, state: State, grads: Weights, config: Config
) -> State:
    new = adam(state, grads, config)

    def kept(before: Weights, after: Weights) -> Weights:
        return {
            name: [
                moved if any(g) else old
                for old, moved, g in zip(before[name], rows, grads[name], strict=True)
            ]
            for name, rows in after.items()
        }

    return State(
        new.step,
        kept(state.weights, new.weights),
        kept(state.m, new.m),
        kept(state.v, new.v),
    )


@mistake(
    "Weight decay is added to the gradient",
    what="The gradient is g + 0.01 * w instead of g.",
    why="It is the L2 penalty of other training programs, or a default.",
    mend="Use the gradient alone: the program has no weight decay.",
    languages=("PyTorch", "TensorFlow"),
)
@around("adam")
def weight_decay_in_the_gradient(adam: Adam, state: State, grads: Weights, config: Config) -> State:
    penalized = elementwise(lambda g, w: g + 0.01 * w, grads, state.weights)
    return adam(state, penalized, config)


@mistake(
    "Weights decay as in AdamW",
    what="Each weight is multiplied by 1 - 0.01 * lr at every update.",
    why="The optimizer is AdamW, whose default weight decay is 0.01.",
    mend="Use Adam, or set the weight decay to 0.",
    languages=("PyTorch",),
)
@around("adam")
def weight_decay_decoupled(adam: Adam, state: State, grads: Weights, config: Config) -> State:
    kept = 1 - config.learning_rate_at(state.step) * 0.01
    weights = elementwise(lambda w: w * kept, state.weights)
    return adam(replace(state, weights=weights), grads, config)


@mistake(
    "Gradients are clipped",
    what="If the norm of all gradients exceeds 1, they are scaled down to a norm of 1.",
    why="Most training programs of language models clip gradients.",
    mend="Use the gradients without clipping.",
    languages=("PyTorch", "any"),
)
@around("adam")
def gradients_clipped(adam: Adam, state: State, grads: Weights, config: Config) -> State:
    norm = math.sqrt(sum(g**2 for rows in grads.values() for row in rows for g in row))
    if norm <= 1:
        return adam(state, grads, config)
    return adam(state, elementwise(lambda g: g / norm, grads), config)


@mistake(
    "Weights move up the gradient",
    what="The update is added instead of subtracted.",
    why="The sign was lost.",
    mend="Subtract the update from the weight.",
)
def update_added() -> Patch:
    original = training.update
    return adam_with(update=lambda *given: -original(*given))


@mistake(
    "The optimizer is plain gradient descent",
    what="The update is lr * g, and the moments never change.",
    why="Earlier stages of the program use it.",
    mend="Use Adam.",
)
@in_place_of("adam")
def gradient_descent_for_adam(state: State, grads: Weights, config: Config) -> State:
    rate = config.learning_rate_at(state.step)
    weights = elementwise(lambda g, w: w - rate * g, grads, state.weights)
    return State(state.step + 1, weights, state.m, state.v)
