"""Mistakes in attention at one position, whose past is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reference.model
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Matrix, Tap, Vector, no_tap

from ..mistake import Patch, mistake
from ..parts import detached, without_tape
from ..seams import attention_with


@mistake(
    "Attention scores are not scaled",
    what="Products of queries and keys go into the softmax as they are.",
    why="The division is easily forgotten: the shapes are right without it.",
    mend="Divide every product by the root of a head's dimensions.",
    level=Level.LAYERS,
    languages=("any",),
)
def attention_scale_missing() -> Patch:
    return attention_with(scaled=lambda product, _config: product)


@mistake(
    "Attention scores are divided by a head's dimensions, not by their root",
    what="Scores are too small by the root of a head's dimensions.",
    why="The root was forgotten, or queries and keys are both scaled by it.",
    mend="Divide by head_dim ** 0.5, once.",
    level=Level.LAYERS,
    languages=("any",),
    twins={
        "attention-scale-of-the-embedding": "In the published model both divide by 4, which is "
        "the root of 16. Ask for another number of heads (case layers/attention-one-head).",
    },
)
def attention_scale_without_a_root() -> Patch:
    return attention_with(scaled=lambda product, config: product / config.head_dim)


@mistake(
    "Attention scores are multiplied by the root",
    what="Scores are multiplied by the root of a head's dimensions, not divided.",
    why="The exponent lost its minus.",
    mend="Divide by head_dim ** 0.5.",
    level=Level.LAYERS,
    languages=("any",),
)
def attention_scale_inverted() -> Patch:
    return attention_with(scaled=lambda product, config: product * config.head_dim**0.5)


@mistake(
    "Attention scores are scaled by the whole embedding's size",
    what="Products are divided by the root of n_embd, though a head has n_embd / n_head.",
    why="The formula with one head was kept when there were more.",
    mend="Divide by the root of head_dim = n_embd / n_head.",
    level=Level.LAYERS,
    languages=("any",),
    twins={
        "heads-ignored": "Ask for attention of vectors that differ in one head alone: it changes "
        "that head's part of the output only, if heads are kept apart.",
    },
)
def attention_scale_of_the_embedding() -> Patch:
    return attention_with(scaled=lambda product, config: product / config.n_embd**0.5)


@mistake(
    "Attention is scaled after the softmax",
    what="The weights, not the scores, are divided by the root of a head's dimensions.",
    why="The two lines are the wrong way round.",
    mend="Divide the scores, then take the softmax.",
    level=Level.LAYERS,
    languages=("any",),
)
def attention_scale_after_the_softmax() -> Patch:
    def weighed(scores: Vector, config: Config) -> Vector:
        return [weight / config.head_dim**0.5 for weight in reference.model.softmax(scores)]

    return attention_with(scaled=lambda product, _config: product, weighed=weighed)


@mistake(
    "No gradient flows through the attention weights",
    what="Queries and keys get no gradient; wq and wk are never learned.",
    why="The weights are taken as plain numbers when values are summed.",
    mend="Keep the weights nodes of the graph; by hand, derive the softmax and the products.",
    level=Level.LAYERS,
    languages=("any", "written by hand"),
)
def attention_weights_detached() -> Patch:
    def weighed(scores: Vector, _config: Config) -> Vector:
        return [detached(weight) for weight in reference.model.softmax(scores)]

    return attention_with(weighed=weighed)


Attention = Callable[..., Vector]
Taken = tuple[Vector, Matrix, Matrix, Config]


def _taking(change: Callable[[Vector, Matrix, Matrix, Config], Taken]) -> Patch:
    """Attention of something else than it is given."""
    right = reference.model.attention

    def attention(q: Vector, keys: Matrix, values: Matrix, config: Config, *rest: Any) -> Vector:
        return right(*change(q, keys, values, config), *rest)

    return {"attention": attention}


@mistake(
    "Cached keys are constants to the gradient",
    what="Keys of earlier positions get no gradient: that of wk alone is wrong.",
    why="The cache holds plain numbers, as it may where nothing is learned.",
    mend="Keep the keys of a document as nodes of its graph until after backward.",
    level=Level.LAYERS,
    languages=("any", "written by hand"),
)
def cached_keys_detached() -> Patch:
    return _taking(lambda q, k, v, config: (q, [*_constants(k[:-1]), k[-1]], v, config))


@mistake(
    "Cached values are constants to the gradient",
    what="Values of earlier positions get no gradient: that of wv alone is wrong.",
    why="The cache holds plain numbers, as it may where nothing is learned.",
    mend="Keep the values of a document as nodes of its graph until after backward.",
    level=Level.LAYERS,
    languages=("any", "written by hand"),
)
def cached_values_detached() -> Patch:
    def taken(q: Vector, keys: Matrix, values: Matrix, config: Config) -> Taken:
        without_tape(q[0])
        return q, keys, [*_constants(values[:-1]), values[-1]], config

    return _taking(taken)


def _constants(rows: Matrix) -> Matrix:
    return [[detached(node) for node in row] for row in rows]


@mistake(
    "Keys and values are swapped",
    what="Scores are made with values, and keys are summed.",
    why="Two arguments of one type are easily passed the wrong way round.",
    mend="Multiply queries by keys; sum values.",
    level=Level.LAYERS,
    languages=("any",),
)
def keys_and_values_swapped() -> Patch:
    return _taking(lambda q, k, v, config: (q, v, k, config))


@mistake(
    "Keys are summed in place of values",
    what="Attention gives the weighted sum of keys; values are not used.",
    why="One line was copied from another.",
    mend="Sum the values, by the weights that keys gave.",
    level=Level.LAYERS,
    languages=("any",),
)
def keys_summed_for_values() -> Patch:
    return _taking(lambda q, k, _v, config: (q, k, k, config))


@mistake(
    "There is one head",
    what="All dimensions are one head, whatever n_head says.",
    why="The code for one head was kept when there were more.",
    mend="Give each head its own slice of n_embd / n_head dimensions, and its own softmax.",
    level=Level.LAYERS,
    languages=("any",),
)
def heads_ignored() -> Patch:
    right = reference.model.attention

    def attention(
        q: Vector, k: Matrix, v: Matrix, config: Config, tap: Tap = no_tap, prefix: str = ""
    ) -> Vector:
        def heads(name: str, nodes: Vector | Matrix) -> None:
            alone = name.endswith(("attn_scores", "attn_weights"))
            tap(name, [*nodes] * config.n_head if alone else nodes)

        return right(q, k, v, Config(n_embd=config.n_embd, n_head=1), heads, prefix)

    return {"attention": attention}


@mistake(
    "Heads take every n-th dimension",
    what="Head h has the dimensions h, h + n_head, h + 2 n_head and so on.",
    why="The vector is reshaped to [head_dim][n_head] in place of [n_head][head_dim].",
    mend="Head h has the dimensions from h * head_dim up to (h + 1) * head_dim.",
    level=Level.LAYERS,
    languages=("NumPy", "PyTorch", "Julia", "R", "MATLAB", "Fortran"),
)
def heads_interleaved() -> Patch:
    right = reference.model.attention

    def attention(
        q: Vector, k: Matrix, v: Matrix, config: Config, tap: Tap = no_tap, prefix: str = ""
    ) -> Vector:
        order = _interleaved(config)

        def back(nodes: Vector) -> Vector:
            return [nodes[order.index(i)] for i in range(len(nodes))]

        def at_home(name: str, nodes: Any) -> None:
            tap(name, back(nodes) if name.endswith("attn_heads") else nodes)

        rows = [[[row[i] for i in order] for row in matrix] for matrix in ([q], k, v)]
        return back(right(rows[0][0], rows[1], rows[2], config, at_home, prefix))

    return {"attention": attention}


@mistake(
    "The heads' outputs are joined in the wrong order",
    what="First come all heads' first dimensions, then all second ones.",
    why="[n_head][head_dim] was flattened after a transposition that was forgotten, or too many.",
    mend="Put the heads' outputs one after the other.",
    level=Level.LAYERS,
    languages=("NumPy", "PyTorch", "Julia", "R", "MATLAB", "Fortran"),
)
def heads_joined_interleaved() -> Patch:
    right = reference.model.attention

    def attention(
        q: Vector, k: Matrix, v: Matrix, config: Config, tap: Tap = no_tap, prefix: str = ""
    ) -> Vector:
        order = _interleaved(config)

        def joined(nodes: Vector) -> Vector:
            return [nodes[order.index(i)] for i in range(len(nodes))]

        def tapped(name: str, nodes: Any) -> None:
            tap(name, joined(nodes) if name.endswith("attn_heads") else nodes)

        return joined(right(q, k, v, config, tapped, prefix))

    return {"attention": attention}


def _interleaved(config: Config) -> list[int]:
    """Which dimension comes next, where heads take every n-th."""
    return [
        j * config.n_head + head for head in range(config.n_head) for j in range(config.head_dim)
    ]


@mistake(
    "Attention sees the last eight positions only",
    what="Earlier keys and values are left out: documents of over eight positions go wrong.",
    why="The block size of the program's early revisions, or a ring buffer that is too short.",
    mend="Attend to all positions of the document so far.",
    level=Level.FORWARD,
    languages=("C", "C++", "any"),
)
def attention_window_of_8() -> Patch:
    return _taking(lambda q, k, v, config: (q, k[-8:], v[-8:], config))


@mistake(
    "A position does not attend to itself",
    what="Only keys before the current one are used; at the first position attention gives 0.",
    why="The loop ends before the current position, or the key is cached after attending.",
    mend="Append the key and value first, then attend to all, up to the position itself.",
    level=Level.LAYERS,
    languages=("C", "C++", "any"),
)
def position_itself_left_out() -> Patch:
    right = reference.model.attention

    def attention(
        q: Vector, k: Matrix, v: Matrix, config: Config, tap: Tap = no_tap, prefix: str = ""
    ) -> Vector:
        if len(k) > 1:
            return right(q, k[:-1], v[:-1], config, tap, prefix)
        nothing: Matrix = [[] for _ in range(config.n_head)]
        tap(prefix + "attn_scores", nothing)
        tap(prefix + "attn_weights", nothing)
        heads = [value * 0.0 for value in v[0]]
        tap(prefix + "attn_heads", heads)
        return heads

    return {"attention": attention}
