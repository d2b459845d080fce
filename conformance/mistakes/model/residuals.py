"""Mistakes in where norms stand, and what is added to what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reference.model
from conformance.anatomy.levels import Level
from reference.model import Vector

from ..mistake import Patch, mistake
from ..seams import gpt_with


def _as_it_is(x: Vector) -> Vector:
    return x


@mistake(
    "The norm before the first layer is missing",
    what="The sum of the embeddings goes into the first layer as it is.",
    why="GPT-2 has none there, and the layer begins with one anyway.",
    mend="Norm the sum of the embeddings, too: the residual is taken after it.",
    level=Level.FORWARD,
    languages=("any",),
)
def input_norm_missing() -> Patch:
    return gpt_with(input_norm=_as_it_is)


@mistake(
    "The norm before attention is missing",
    what="Attention takes its input as it is.",
    why="It hardly changes anything in the first layer, whose input is normed already.",
    mend="Norm the input of attention in every layer.",
    level=Level.FORWARD,
    languages=("any",),
)
def attention_norm_missing() -> Patch:
    return gpt_with(attn_norm=_as_it_is)


@mistake(
    "The norm before the MLP is missing",
    what="The MLP takes its input as it is.",
    why="One of two alike lines was forgotten.",
    mend="Norm the input of the MLP in every layer.",
    level=Level.FORWARD,
    languages=("any",),
)
def mlp_norm_missing() -> Patch:
    return gpt_with(mlp_norm=_as_it_is)


@mistake(
    "There is one more norm before the logits",
    what="The last layer's output is normed before `lm_head`.",
    why="GPT-2 and most others have a final norm; this program has none.",
    mend="Multiply the last layer's output by `lm_head` as it is.",
    level=Level.FORWARD,
    languages=("any",),
)
def final_norm_added() -> Patch:
    from .. import seams

    right = seams.output

    def output(x: Vector, weights: Any, config: Any) -> Vector:
        return right(reference.model.rmsnorm(x), weights, config)

    return gpt_with(output=output)


@mistake(
    "Norms stand after the residual sums",
    what="Each part takes its input as it is, and the sum with the residual is normed.",
    why="The first Transformer was built so.",
    mend="Norm what goes into attention and into the MLP, not what comes out.",
    level=Level.FORWARD,
    languages=("any",),
)
def norms_after_the_residuals() -> Patch:
    from .. import seams

    return gpt_with(
        attn_norm=_as_it_is,
        mlp_norm=_as_it_is,
        attn_residual=_normed(seams.attn_residual),
        mlp_residual=_normed(seams.mlp_residual),
    )


def _normed(right: Callable[[Vector, Vector, Vector], Vector]) -> Any:
    return lambda out, x, normed: reference.model.rmsnorm(right(out, x, normed))


@mistake(
    "The residual of attention is taken after the norm",
    what="The normed input is added to what attention gives, in place of the input itself.",
    why="The two lines that keep the residual and norm the input are the wrong way round.",
    mend="Keep the residual first, then norm.",
    level=Level.FORWARD,
    languages=("any",),
    twins={
        "rms-epsilon-missing": "Ask for the norm by itself (case layers/rmsnorm-small): it is "
        "right if only the residual is taken too late.",
    },
)
def attention_residual_after_the_norm() -> Patch:
    return gpt_with(attn_residual=lambda out, _x, normed: reference.model.add(out, normed))


@mistake(
    "The residual of the MLP is taken after the norm",
    what="The normed input is added to what the MLP gives, in place of the input itself.",
    why="The two lines that keep the residual and norm the input are the wrong way round.",
    mend="Keep the residual first, then norm.",
    level=Level.FORWARD,
    languages=("any",),
)
def mlp_residual_after_the_norm() -> Patch:
    return gpt_with(mlp_residual=lambda out, _x, normed: reference.model.add(out, normed))


@mistake(
    "Attention has no residual",
    what="What attention gives goes on alone.",
    why="The sum was forgotten, or its result not used.",
    mend="Add the input of the layer to what attention gives.",
    level=Level.FORWARD,
    languages=("any",),
)
def attention_residual_missing() -> Patch:
    return gpt_with(attn_residual=lambda out, _x, _normed: out)


@mistake(
    "The MLP has no residual",
    what="What the MLP gives goes on alone.",
    why="The sum was forgotten, or its result not used.",
    mend="Add the input of the MLP's norm to what the MLP gives.",
    level=Level.FORWARD,
    languages=("any",),
)
def mlp_residual_missing() -> Patch:
    return gpt_with(mlp_residual=lambda out, _x, _normed: out)
