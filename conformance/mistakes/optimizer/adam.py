"""Mistakes in the optimiser."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import reference.adam
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Weights
from reference.state import State

from .. import seams
from ..mistake import Patch, mistake
from ..seams import adam_with

Corrections = tuple[float, float]


@mistake(
    "There is no bias correction",
    what="The moments are used as they are, which start at 0 and are too small at first.",
    why="The two lines look as if they did not matter.",
    mend="Divide m by 1 - beta1**(step + 1) and v by 1 - beta2**(step + 1).",
    level=Level.ADAM,
    languages=("any",),
)
def bias_correction_missing() -> Patch:
    return adam_with(correction1=lambda _step, _c: 1.0, correction2=lambda _step, _c: 1.0)


@mistake(
    "The first moment's bias is not corrected",
    what="m is used as it is; v is corrected.",
    why="One of two alike lines was forgotten.",
    mend="Divide m by 1 - beta1**(step + 1), too.",
    level=Level.ADAM,
    languages=("any",),
)
def first_bias_correction_missing() -> Patch:
    return adam_with(correction1=lambda _step, _c: 1.0)


@mistake(
    "The second moment's bias is not corrected",
    what="v is used as it is; m is corrected.",
    why="One of two alike lines was forgotten.",
    mend="Divide v by 1 - beta2**(step + 1), too.",
    level=Level.ADAM,
    languages=("any",),
)
def second_bias_correction_missing() -> Patch:
    return adam_with(correction2=lambda _step, _c: 1.0)


@mistake(
    "Bias correction counts steps from 0",
    what="The exponent is step in place of step + 1; the first step is corrected as if it were 1.",
    why="The loop's number is used as it is, which starts at 0.",
    mend="Correct with step + 1.",
    level=Level.ADAM,
    languages=("any",),
    twins={
        "bias-correction-frozen": "Look at the third step (case adam/cold-step-5): until the "
        "second they are one; a frozen correction grows ever worse.",
    },
)
def adam_step_not_plus_1() -> Patch:
    return adam_with(time=lambda step: max(step, 1))


@mistake(
    "Bias correction counts steps from 2",
    what="The exponent is step + 2 in place of step + 1.",
    why="The counter is advanced before it is used, and 1 is added again.",
    mend="Correct with step + 1, so 1 at the first step.",
    level=Level.ADAM,
    languages=("any",),
)
def adam_step_plus_2() -> Patch:
    return adam_with(time=lambda step: step + 2)


@mistake(
    "Bias correction stays that of the first step",
    what="The exponent is always 1: updates are too large by ever more.",
    why="The optimiser's own counter is not advanced.",
    mend="Advance the counter at every step.",
    level=Level.ADAM,
    languages=("any",),
)
def bias_correction_frozen() -> Patch:
    return adam_with(time=lambda _step: 1)


@mistake(
    "Adam's epsilon is added before the bias correction",
    what="Epsilon is divided by the root of the correction, as the second moment is: at first it "
    "is ten times too large.",
    why="The correction is moved into the learning rate, lr * sqrt(1 - beta2**t) / (1 - beta1**t), "
    "as the paper suggests and TensorFlow does.",
    mend="Correct v, take the root, then add epsilon.",
    level=Level.ADAM,
    languages=("TensorFlow", "Keras", "any"),
)
def adam_epsilon_before_the_correction() -> Patch:
    def update(rate: float, m: float, v: float, by: Corrections, config: Config) -> float:
        change: float = rate * (m / by[0]) * by[1] ** 0.5 / (v**0.5 + config.eps_adam)
        return change

    return adam_with(update=update)


@mistake(
    "Adam's epsilon stands under the root",
    what="Weights with small gradients move too little: 1e-8 under the root is 1e-4 outside.",
    why="Epsilon is under the root in the norm, and in other optimisers.",
    mend="Add epsilon to the root of the corrected second moment.",
    level=Level.ADAM,
    languages=("any",),
)
def epsilon_inside_the_root() -> Patch:
    def update(rate: float, m: float, v: float, by: Corrections, config: Config) -> float:
        change: float = rate * (m / by[0]) / (v / by[1] + config.eps_adam) ** 0.5
        return change

    return adam_with(update=update)


@mistake(
    "Adam has no epsilon",
    what="Weights that never had a gradient, such as the rows of unused tokens, become NaN.",
    why="Epsilon is taken for a detail.",
    mend="Add epsilon to the root, which keeps 0 / 0 from being.",
    level=Level.ADAM,
    languages=("any",),
)
def adam_epsilon_missing() -> Patch:
    def update(rate: float, m: float, v: float, by: Corrections, _config: Config) -> float:
        root = (v / by[1]) ** 0.5
        change: float = rate * (m / by[0]) / root if root else math.nan
        return change

    return adam_with(update=update)


@mistake(
    "Adam takes no root",
    what="The first moment is divided by the second, not by its root.",
    why="The root was forgotten.",
    mend="Divide by the root of the corrected second moment, plus epsilon.",
    level=Level.ADAM,
    languages=("any",),
)
def adam_without_a_root() -> Patch:
    def update(rate: float, m: float, v: float, by: Corrections, config: Config) -> float:
        change: float = rate * (m / by[0]) / (v / by[1] + config.eps_adam)
        return change

    return adam_with(update=update)


@mistake(
    "Rows without a gradient are skipped",
    what="Where a whole row of gradients is 0, moments and weights stay as they are.",
    why="Unused rows of the embeddings need no gradient, and seem to need no update; momentum goes "
    "on, though.",
    mend="Update every weight at every step.",
    level=Level.ADAM,
    languages=("any", "sparse optimisers"),
)
def rows_without_gradient_skipped() -> Patch:
    right = reference.adam.adam

    def adam(state: State, grads: Weights, config: Config) -> State:
        new = right(state, grads, config)

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

    return {"adam": adam}


@mistake(
    "Weights decay through the gradient",
    what="A hundredth of each weight is added to its gradient.",
    why="It is the L2 penalty of other trainings, or a default.",
    mend="Use the gradient as it is: the program has no weight decay.",
    level=Level.ADAM,
    languages=("PyTorch", "TensorFlow"),
)
def weight_decay_in_the_gradient() -> Patch:
    def penalised(state: State, grads: Weights) -> Weights:
        return {
            name: [
                [g + 0.01 * w for g, w in zip(*both, strict=True)]
                for both in zip(rows, state.weights[name], strict=True)
            ]
            for name, rows in grads.items()
        }

    right = reference.adam.adam
    return {"adam": lambda state, grads, config: right(state, penalised(state, grads), config)}


@mistake(
    "Weights decay by themselves",
    what="Each weight is lowered by a hundredth of the learning rate times itself.",
    why="It is AdamW, whose default decay is 0.01.",
    mend="Use Adam, or set the weight decay to 0.",
    level=Level.ADAM,
    languages=("PyTorch",),
)
def weight_decay_decoupled() -> Patch:
    right = reference.adam.adam

    def adam(state: State, grads: Weights, config: Config) -> State:
        kept = 1 - config.learning_rate_at(state.step) * 0.01
        weights = {
            name: [[w * kept for w in row] for row in rows] for name, rows in state.weights.items()
        }
        return right(replace(state, weights=weights), grads, config)

    return {"adam": adam}


@mistake(
    "Gradients are clipped",
    what="Gradients whose norm is above 1 are scaled down to it.",
    why="Most trainings of language models clip.",
    mend="Use the gradient as it is.",
    level=Level.ADAM,
    languages=("PyTorch", "any"),
)
def gradients_clipped() -> Patch:
    right = reference.adam.adam

    def adam(state: State, grads: Weights, config: Config) -> State:
        norm = math.sqrt(sum(g**2 for rows in grads.values() for row in rows for g in row))
        if norm <= 1:
            return right(state, grads, config)
        clipped = {name: [[g / norm for g in row] for row in rows] for name, rows in grads.items()}
        return right(state, clipped, config)

    return {"adam": adam}


@mistake(
    "Weights move up the gradient",
    what="The update is added, not subtracted.",
    why="The sign was lost.",
    mend="Subtract the update.",
    level=Level.ADAM,
    languages=("any",),
)
def update_added() -> Patch:
    right = seams.update
    return adam_with(update=lambda *given: -right(*given))


@mistake(
    "The optimiser is plain gradient descent",
    what="Weights move by learning rate times gradient; the moments stay as they are.",
    why="The program's earlier steps have it.",
    mend="Use Adam.",
    level=Level.ADAM,
    languages=("any",),
)
def gradient_descent_for_adam() -> Patch:
    def adam(state: State, grads: Weights, config: Config) -> State:
        rate = config.learning_rate_at(state.step)
        weights: Any = {
            name: [
                [w - rate * g for w, g in zip(*both, strict=True)]
                for both in zip(state.weights[name], rows, strict=True)
            ]
            for name, rows in grads.items()
        }
        return State(state.step + 1, weights, state.m, state.v)

    return {"adam": adam}
