"""Mistakes in the MLP, most of them another activation."""

import math
from typing import Any

import reference.activation
import reference.model
from conformance.anatomy.levels import Level
from reference.model import Vector
from reference.value import Value

from ..mistake import Patch, mistake_at
from ..parts import without_tape
from ..patch_of_function import given_to
from ..seams import model
from ..seams.model import activation_with, gpt_with

layers_mistake = mistake_at(Level.LAYERS)
forward_mistake = mistake_at(Level.FORWARD)


@layers_mistake(
    "The MLP uses GELU instead of ReLU",
    what="Hidden units go through GELU, in GPT-2's tanh form.",
    why="GPT-2 and its ports use it.",
    mend="Use max(0, x).",
)
def gelu_for_relu() -> Patch:
    return activation_with(reference.activation.gelu)


@layers_mistake(
    "The MLP uses the exact GELU instead of ReLU",
    what="Hidden units go through x * Phi(x), with the normal distribution Phi.",
    why="It is the GELU that PyTorch uses by default.",
    mend="Use max(0, x).",
    languages=("PyTorch", "JAX", "any"),
)
@given_to(activation_with)
def exact_gelu_for_relu(x: Value) -> Value:
    without_tape(x)
    below = (1 + math.erf(x.data / math.sqrt(2))) / 2
    density = math.exp(-(x.data**2) / 2) / math.sqrt(2 * math.pi)
    return Value(x.data * below, (x,), (below + x.data * density,))


@layers_mistake(
    "The MLP uses SiLU instead of ReLU",
    what="Hidden units go through x * sigmoid(x).",
    why="LLaMA and related models use it.",
    mend="Use max(0, x).",
)
def silu_for_relu() -> Patch:
    return activation_with(lambda x: x / ((x * -1).exp() + 1))


@layers_mistake(
    "The MLP uses tanh instead of ReLU",
    what="Hidden units go through tanh(x).",
    why="micrograd and makemore, by the same author, use it.",
    mend="Use max(0, x).",
)
def tanh_for_relu() -> Patch:
    return activation_with(lambda x: 2 / ((x * -2).exp() + 1) - 1)


@layers_mistake(
    "The ReLU is squared",
    what="Hidden units go through max(0, x)**2.",
    why="An earlier revision of the program uses it.",
    mend="Use max(0, x).",
)
def squared_relu() -> Patch:
    return activation_with(reference.activation.squared_relu)


@layers_mistake(
    "The ReLU is leaky",
    what="Negative hidden units become 0.01 * x instead of 0.",
    why="A library's leaky version was used.",
    mend="Use max(0, x), which is 0 for every negative x.",
)
def leaky_relu() -> Patch:
    return activation_with(lambda x: x.relu() + (x * -1).relu() * -0.01)


@layers_mistake(
    "The MLP has no activation",
    what="The MLP computes fc2 @ fc1 @ x without a ReLU in between.",
    why="The call was forgotten, or its result is not used.",
    mend="Apply max(0, x) between the two matrices.",
)
def activation_missing() -> Patch:
    return activation_with(lambda x: x * 1)


@layers_mistake(
    "The MLP's output goes through ReLU too",
    what="The output is max(0, fc2 @ h), so the MLP never adds a negative number.",
    why="Every matrix is followed by the activation, including the last one.",
    mend="Apply max(0, x) only between the two matrices.",
)
def relu_after_the_mlp() -> Patch:
    from conformance.anatomy import small_functions

    original_mlp, original_out = small_functions._mlp, model.mlp_out

    def mlp(at: dict[str, Any]) -> Vector:
        return [unit.relu() for unit in original_mlp(at)]

    def mlp_out(active: Vector, weights: Any, at: str) -> Vector:
        return [unit.relu() for unit in original_out(active, weights, at)]

    return {"small_functions._mlp": mlp, **gpt_with(mlp_out=mlp_out)}


@forward_mistake(
    "Outputs are scaled before they are added to the residual",
    what="The outputs of attention and the MLP are divided by sqrt(2) before they are added.",
    why="GPT-2 scales the initial weights of these matrices by the number of layers; here the "
    "outputs are scaled.",
    mend="Add the outputs without scaling.",
)
def residuals_scaled_by_depth() -> Patch:
    attn, mlp = model.attn_residual, model.mlp_residual

    def scaled(out: Vector) -> Vector:
        return [unit * math.sqrt(0.5) for unit in out]

    return gpt_with(
        attn_residual=lambda out, x, normed: attn(scaled(out), x, normed),
        mlp_residual=lambda out, x, normed: mlp(scaled(out), x, normed),
    )
