"""Mistakes in the places of norms and in residual connections."""

from collections.abc import Callable
from typing import Any

import reference.model
from conformance.anatomy.levels import Level
from reference.model import Vector

from ..mistake import Patch, mistake_at
from ..seams import model
from ..seams.model import gpt_with

mistake = mistake_at(Level.FORWARD)


def _as_it_is(x: Vector) -> Vector:
    return x


@mistake(
    "The norm before the first layer is missing",
    what="wte[token] + wpe[position] goes into the first layer without a norm.",
    why="GPT-2 has no norm there, and the layer starts with one anyway.",
    mend="Apply RMSNorm to the sum of the embeddings too: the first residual is taken after it.",
)
def input_norm_missing() -> Patch:
    return gpt_with(input_norm=_as_it_is)


@mistake(
    "The norm before attention is missing",
    what="Attention uses x instead of rmsnorm(x).",
    why="It hardly matters in the first layer, whose input is already normalized.",
    mend="Apply RMSNorm to the input of attention in every layer.",
)
def attention_norm_missing() -> Patch:
    return gpt_with(attn_norm=_as_it_is)


@mistake(
    "The norm before the MLP is missing",
    what="The MLP uses x instead of rmsnorm(x).",
    why="One of two similar lines was forgotten.",
    mend="Apply RMSNorm to the input of the MLP in every layer.",
)
def mlp_norm_missing() -> Patch:
    return gpt_with(mlp_norm=_as_it_is)


@mistake(
    "An extra norm precedes the logits",
    what="Logits are lm_head @ rmsnorm(x) instead of lm_head @ x.",
    why="GPT-2 and most other models have a final norm; this program has none.",
    mend="Multiply the last layer's output by lm_head without a norm.",
)
def final_norm_added() -> Patch:
    original = model.output

    def output(x: Vector, weights: Any, config: Any) -> Vector:
        return original(reference.model.rmsnorm(x), weights, config)

    return gpt_with(output=output)


@mistake(
    "Norms follow the residual sums",
    what="Each part computes rmsnorm(x + f(x)) instead of x + f(rmsnorm(x)).",
    why="The original Transformer is built this way.",
    mend="Normalize the inputs of attention and the MLP, not the sums after them.",
)
def norms_after_the_residuals() -> Patch:
    return gpt_with(
        attn_norm=_as_it_is,
        mlp_norm=_as_it_is,
        attn_residual=_normed(model.attn_residual),
        mlp_residual=_normed(model.mlp_residual),
    )


def _normed(original: Callable[[Vector, Vector, Vector], Vector]) -> Any:
    return lambda out, x, normed: reference.model.rmsnorm(original(out, x, normed))


@mistake(
    "Attention's residual is the normalized input",
    what="Attention gives rmsnorm(x) + attention(rmsnorm(x)) instead of x + attention(rmsnorm(x)).",
    why="The line that saves the residual comes after the norm instead of before it.",
    mend="Save x as the residual first, then normalize.",
    twins={
        "rms-epsilon-missing": "Test the norm alone (case layers/rmsnorm-small): it passes if only "
        "the residual is saved too late.",
    },
)
def attention_residual_after_the_norm() -> Patch:
    return gpt_with(attn_residual=lambda out, _x, normed: reference.model.add(out, normed))


@mistake(
    "The MLP's residual is the normalized input",
    what="The MLP gives rmsnorm(x) + mlp(rmsnorm(x)) instead of x + mlp(rmsnorm(x)).",
    why="The line that saves the residual comes after the norm instead of before it.",
    mend="Save x as the residual first, then normalize.",
)
def mlp_residual_after_the_norm() -> Patch:
    return gpt_with(mlp_residual=lambda out, _x, normed: reference.model.add(out, normed))


@mistake(
    "Attention has no residual",
    what="The layer continues with attention(rmsnorm(x)) instead of x + attention(rmsnorm(x)).",
    why="The sum was forgotten, or its result is not used.",
    mend="Add the layer's input to the output of attention.",
)
def attention_residual_missing() -> Patch:
    return gpt_with(attn_residual=lambda out, _x, _normed: out)


@mistake(
    "The MLP has no residual",
    what="The layer gives mlp(rmsnorm(x)) instead of x + mlp(rmsnorm(x)).",
    why="The sum was forgotten, or its result is not used.",
    mend="Add the MLP's input from before the norm to its output.",
)
def mlp_residual_missing() -> Patch:
    return gpt_with(mlp_residual=lambda out, _x, _normed: out)
