"""Mistakes in attention of one position to itself and the positions before it."""

from collections.abc import Callable
from typing import Any

import reference.model
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Matrix, Tap, Vector, no_tap

from ..mistake import Patch, mistake_at
from ..parts import constants, without_tape
from ..patch_of_function import given_to
from ..seams.model import attention_with

layers_mistake = mistake_at(Level.LAYERS)
forward_mistake = mistake_at(Level.FORWARD)


@layers_mistake(
    "Attention scores are not scaled",
    what="Scores are q·k instead of q·k / sqrt(head_dim).",
    why="The division is easy to forget: every shape is right without it.",
    mend="Divide each score by sqrt(head_dim) before the softmax.",
)
def attention_scale_missing() -> Patch:
    return attention_with(scaled=lambda product, _config: product)


@layers_mistake(
    "Attention scores are divided by head_dim, not by its root",
    what="Scores are q·k / head_dim instead of q·k / sqrt(head_dim).",
    why="The root was forgotten, or both the queries and the keys are divided by it.",
    mend="Divide by sqrt(head_dim), once.",
    twins={
        "attention-scale-of-the-embedding": "In the published model both divide by 4 = sqrt(16). "
        "They differ for another number of heads: run case layers/attention-one-head.",
    },
)
def attention_scale_without_a_root() -> Patch:
    return attention_with(scaled=lambda product, config: product / config.head_dim)


@layers_mistake(
    "Attention scores are multiplied by sqrt(head_dim)",
    what="Scores are q·k * sqrt(head_dim) instead of q·k / sqrt(head_dim).",
    why="The exponent lost its minus sign.",
    mend="Divide by sqrt(head_dim).",
)
def attention_scale_inverted() -> Patch:
    return attention_with(scaled=lambda product, config: product * config.head_dim**0.5)


@layers_mistake(
    "Attention scores are divided by sqrt(n_embd)",
    what="Scores are q·k / sqrt(n_embd) instead of q·k / sqrt(head_dim), with head_dim = n_embd / "
    "n_head.",
    why="The formula for a single head was kept when more heads were added.",
    mend="Divide by sqrt(head_dim), where head_dim = n_embd / n_head.",
    twins={
        "heads-ignored": "Change the input of one head only. If the heads are separate, only that "
        "head's part of the output changes.",
    },
)
def attention_scale_of_the_embedding() -> Patch:
    return attention_with(scaled=lambda product, config: product / config.n_embd**0.5)


@layers_mistake(
    "Attention is scaled after the softmax",
    what="The weights are softmax(q·k) / sqrt(head_dim) instead of softmax(q·k / sqrt(head_dim)).",
    why="The two lines are in the wrong order.",
    mend="Divide the scores first, then apply the softmax.",
)
def attention_scale_after_the_softmax() -> Patch:
    def weighed(scores: Vector, config: Config) -> Vector:
        return [weight / config.head_dim**0.5 for weight in reference.model.softmax(scores)]

    return attention_with(scaled=lambda product, _config: product, weighed=weighed)


@layers_mistake(
    "No gradient flows through the attention weights",
    what="Queries and keys get no gradient, so attn_wq and attn_wk are never trained.",
    why="The attention weights become plain numbers before the values are summed.",
    mend="Keep the attention weights in the graph. In a backward pass by hand, differentiate the "
    "softmax and the products q·k as well.",
    languages=("any", "written by hand"),
)
@given_to(attention_with, "weighed")
def attention_weights_detached(scores: Vector, _config: Config) -> Vector:
    return constants(reference.model.softmax(scores))


Inputs = tuple[Vector, Matrix, Matrix, Config]
"""The query, the keys and values of all cached positions, the configuration."""


def with_inputs(change: Callable[[Vector, Matrix, Matrix, Config], Inputs]) -> Patch:
    """Attention to inputs that `change` gives in place of the query, keys and values."""
    original = reference.model.attention

    def attention(q: Vector, keys: Matrix, values: Matrix, config: Config, *rest: Any) -> Vector:
        return original(*change(q, keys, values, config), *rest)

    return {"attention": attention}


@layers_mistake(
    "Cached keys get no gradient",
    what="The keys of earlier positions are treated as constants, so the gradient of attn_wk is "
    "wrong.",
    why="The cache stores plain numbers, which is enough for inference but not for training.",
    mend="Keep the keys of a document as nodes of its graph until the backward pass is done.",
    languages=("any", "written by hand"),
)
def cached_keys_detached() -> Patch:
    return with_inputs(lambda q, k, v, config: (q, [*map(constants, k[:-1]), k[-1]], v, config))


@layers_mistake(
    "Cached values get no gradient",
    what="The values of earlier positions are treated as constants, so the gradient of attn_wv is "
    "wrong.",
    why="The cache stores plain numbers, which is enough for inference but not for training.",
    mend="Keep the values of a document as nodes of its graph until the backward pass is done.",
    languages=("any", "written by hand"),
)
@given_to(with_inputs)
def cached_values_detached(q: Vector, keys: Matrix, values: Matrix, config: Config) -> Inputs:
    without_tape(q[0])
    return q, keys, [*map(constants, values[:-1]), values[-1]], config


@layers_mistake(
    "Cached keys and values get no gradient",
    what="The keys and values of earlier positions are treated as constants, so the gradients of "
    "attn_wk and attn_wv are wrong.",
    why="The cache stores plain numbers, or the backward pass handles each position by itself.",
    mend="Keep keys and values as nodes of the graph; by hand, add the gradients that all later "
    "positions pass back to them.",
    languages=("any", "written by hand", "C"),
)
@given_to(with_inputs)
def cached_keys_and_values_detached(
    q: Vector, keys: Matrix, values: Matrix, config: Config
) -> Inputs:
    without_tape(q[0])

    def detached(rows: Matrix) -> Matrix:
        return [*map(constants, rows[:-1]), rows[-1]]

    return q, detached(keys), detached(values), config


@layers_mistake(
    "Keys and values are swapped",
    what="Scores are computed from the values, and the weighted sum is taken over the keys.",
    why="Two arguments of the same type are easily passed in the wrong order.",
    mend="Compute scores from queries and keys; take the weighted sum of the values.",
)
def keys_and_values_swapped() -> Patch:
    return with_inputs(lambda q, k, v, config: (q, v, k, config))


@layers_mistake(
    "Attention sums the keys instead of the values",
    what="The output is the weighted sum of the keys; the values are never used.",
    why="The line was copied from the one that computes the scores.",
    mend="Take the weighted sum of the values.",
)
def keys_summed_for_values() -> Patch:
    return with_inputs(lambda q, k, _v, config: (q, k, k, config))


@forward_mistake(
    "Attention sees only the last eight positions",
    what="Older keys and values are ignored, so documents of more than eight positions are wrong.",
    why="An early revision of the program had block_size 8, or a ring buffer is too short.",
    mend="Attend to all positions of the document so far.",
    languages=("C", "C++", "any"),
)
def attention_window_of_8() -> Patch:
    return with_inputs(lambda q, k, v, config: (q, k[-8:], v[-8:], config))


@layers_mistake(
    "Later positions do not attend to the first one",
    what="The loop over keys and values starts at position 1, except at the first position.",
    why="An index from 1 was kept from a language that counts so, or position 0 counts as padding.",
    mend="Attend to all positions of the document so far, from 0 on.",
    languages=("Lua", "Julia", "Fortran", "C", "any"),
)
def first_position_left_out() -> Patch:
    return with_inputs(lambda q, k, v, config: (q, k[1:] or k, v[1:] or v, config))


@layers_mistake(
    "A position does not attend to itself",
    what="Only the keys of earlier positions are used; at the first position, attention gives 0.",
    why="The loop stops before the current position, or its key is cached after attention ran.",
    mend="Append the current key and value to the cache first, then attend to all of it.",
    languages=("C", "C++", "any"),
)
def position_itself_left_out() -> Patch:
    original = reference.model.attention

    def attention(
        q: Vector, k: Matrix, v: Matrix, config: Config, tap: Tap = no_tap, prefix: str = ""
    ) -> Vector:
        if len(k) > 1:
            return original(q, k[:-1], v[:-1], config, tap, prefix)
        nothing: Matrix = [[] for _ in range(config.n_head)]
        tap(prefix + "attn_scores", nothing)
        tap(prefix + "attn_weights", nothing)
        heads = [value * 0.0 for value in v[0]]
        tap(prefix + "attn_heads", heads)
        return heads

    return {"attention": attention}
