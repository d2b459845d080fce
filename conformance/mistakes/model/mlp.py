"""Mistakes in the MLP: mostly another activation."""

from __future__ import annotations

import math
from typing import Any

import reference.activation
import reference.model
from conformance.anatomy.levels import Level
from reference.model import Vector
from reference.value import Value

from ..mistake import Patch, mistake
from ..seams import activation_with, gpt_with


@mistake(
    "The MLP has GELU for ReLU",
    what="Hidden units go through GELU, in the form that GPT-2 has.",
    why="GPT-2 has it, and so do its ports.",
    mend="Use max(0, x).",
    level=Level.LAYERS,
    languages=("any",),
)
def gelu_for_relu() -> Patch:
    return activation_with(reference.activation.gelu)


@mistake(
    "The MLP has SiLU for ReLU",
    what="Hidden units are multiplied by their sigmoid.",
    why="LLaMA and its kin have it.",
    mend="Use max(0, x).",
    level=Level.LAYERS,
    languages=("any",),
)
def silu_for_relu() -> Patch:
    return activation_with(lambda x: x / ((x * -1).exp() + 1))


@mistake(
    "The MLP has tanh for ReLU",
    what="Hidden units go through the hyperbolic tangent.",
    why="micrograd and makemore, by the same author, have it.",
    mend="Use max(0, x).",
    level=Level.LAYERS,
    languages=("any",),
)
def tanh_for_relu() -> Patch:
    def tanh(x: Value) -> Value:
        return 2 / ((x * -2).exp() + 1) - 1

    return activation_with(tanh)


@mistake(
    "The ReLU is squared",
    what="Hidden units go through max(0, x)**2.",
    why="An earlier revision of the program has it.",
    mend="Use max(0, x).",
    level=Level.LAYERS,
    languages=("any",),
)
def squared_relu() -> Patch:
    return activation_with(reference.activation.squared_relu)


@mistake(
    "The ReLU leaks",
    what="A hundredth of a negative unit passes.",
    why="A library's leaky version was taken.",
    mend="Use max(0, x): 0 for all that is negative.",
    level=Level.LAYERS,
    languages=("any",),
)
def leaky_relu() -> Patch:
    return activation_with(lambda x: x.relu() + (x * -1).relu() * -0.01)


@mistake(
    "The MLP has no activation",
    what="The two matrices follow each other directly.",
    why="The call was forgotten, or its result dropped.",
    mend="Put max(0, x) between the two matrices.",
    level=Level.LAYERS,
    languages=("any",),
)
def activation_missing() -> Patch:
    return activation_with(lambda x: x * 1)


@mistake(
    "The MLP's output goes through ReLU, too",
    what="What the MLP gives is never negative.",
    why="Every matrix is followed by the activation, the last one as well.",
    mend="Put max(0, x) between the two matrices only.",
    level=Level.LAYERS,
    languages=("any",),
)
def relu_after_the_mlp() -> Patch:
    from conformance.anatomy import small_functions

    from .. import seams

    right_mlp, right_out = small_functions._mlp, seams.mlp_out

    def mlp(at: dict[str, Any]) -> Vector:
        return [unit.relu() for unit in right_mlp(at)]

    def mlp_out(active: Vector, weights: Any, at: str) -> Vector:
        return [unit.relu() for unit in right_out(active, weights, at)]

    return {"small_functions._mlp": mlp, **gpt_with(mlp_out=mlp_out)}


@mistake(
    "What is added to the residuals is scaled down",
    what="What attention and the MLP give is divided by the root of 2 before it is added.",
    why="GPT-2 scales these parts' initial weights by the number of layers; here outputs are.",
    mend="Add the outputs as they are.",
    level=Level.FORWARD,
    languages=("any",),
)
def residuals_scaled_by_depth() -> Patch:
    from .. import seams

    attn, mlp = seams.attn_residual, seams.mlp_residual

    def scaled(out: Vector) -> Vector:
        return [unit * math.sqrt(0.5) for unit in out]

    return gpt_with(
        attn_residual=lambda out, x, normed: attn(scaled(out), x, normed),
        mlp_residual=lambda out, x, normed: mlp(scaled(out), x, normed),
    )
