"""Mistakes in which dimensions the heads of attention take, and how their outputs are joined."""

from collections.abc import Callable
from typing import Any

import reference.model
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Matrix, Tap, Vector, no_tap

from ..mistake import Patch, mistake_at
from .attention import with_inputs

layers_mistake = mistake_at(Level.LAYERS)


@layers_mistake(
    "Attention has a single head",
    what="All n_embd dimensions form one head, whatever n_head says.",
    why="The code for a single head was kept when more heads were added.",
    mend="Give each head its own n_embd / n_head dimensions and its own softmax.",
)
def heads_ignored() -> Patch:
    original = reference.model.attention

    def attention(
        q: Vector, k: Matrix, v: Matrix, config: Config, tap: Tap = no_tap, prefix: str = ""
    ) -> Vector:
        def heads(name: str, nodes: Vector | Matrix) -> None:
            alone = name.endswith(("attn_scores", "attn_weights"))
            tap(name, [*nodes] * config.n_head if alone else nodes)

        return original(q, k, v, Config(n_embd=config.n_embd, n_head=1), heads, prefix)

    return {"attention": attention}


def _of_the_first_head(vector: Vector, config: Config) -> Vector:
    return vector[: config.head_dim] * config.n_head


@layers_mistake(
    "All heads use the queries of the first head",
    what="Each head takes the first head_dim dimensions of the query.",
    why="The offset of the head is missing where the query is read.",
    mend="Let head h read the query from h * head_dim on.",
    languages=("C", "C++", "any"),
)
def heads_share_the_first_query() -> Patch:
    return with_inputs(lambda q, k, v, c: (_of_the_first_head(q, c), k, v, c))


@layers_mistake(
    "All heads use the keys of the first head",
    what="Each head takes the first head_dim dimensions of every key.",
    why="The offset of the head is missing where keys are read from the cache.",
    mend="Let head h read each key from h * head_dim on.",
    languages=("C", "C++", "any"),
)
def heads_share_the_first_keys() -> Patch:
    return with_inputs(lambda q, k, v, c: (q, [_of_the_first_head(row, c) for row in k], v, c))


@layers_mistake(
    "All heads use the values of the first head",
    what="Each head sums the first head_dim dimensions of the values.",
    why="The offset of the head is missing where values are read from the cache.",
    mend="Let head h read each value from h * head_dim on.",
    languages=("C", "C++", "any"),
)
def heads_share_the_first_values() -> Patch:
    return with_inputs(lambda q, k, v, c: (q, k, [_of_the_first_head(row, c) for row in v], c))


@layers_mistake(
    "Heads take every n-th dimension",
    what="Head h uses dimensions h, h + n_head, h + 2 * n_head, ... instead of a contiguous slice.",
    why="The vector is reshaped to [head_dim][n_head] instead of [n_head][head_dim].",
    mend="Let head h use dimensions h * head_dim to (h + 1) * head_dim - 1.",
    languages=("NumPy", "PyTorch", "Julia", "R", "MATLAB", "Fortran"),
)
def heads_interleaved() -> Patch:
    return _joined_interleaved(lambda vector, order: [vector[i] for i in order])


@layers_mistake(
    "The heads' outputs are joined in the wrong order",
    what="The output starts with the first dimension of every head, then the second of every head, "
    "and so on.",
    why="A transposition before the flattening is missing, or there is one too many.",
    mend="Concatenate the heads: all of head 0, then all of head 1, and so on.",
    languages=("NumPy", "PyTorch", "Julia", "R", "MATLAB", "Fortran"),
)
def heads_joined_interleaved() -> Patch:
    return _joined_interleaved(lambda vector, _order: vector)


def _joined_interleaved(reordered: Callable[[Vector, list[int]], Vector]) -> Patch:
    """Attention whose heads are joined dimension by dimension.

    Args:
        reordered: changes queries, keys and values `[n_embd]`, given the order of dimensions that
            puts every n-th one of them next to each other.
    """
    original = reference.model.attention

    def attention(
        q: Vector, k: Matrix, v: Matrix, config: Config, tap: Tap = no_tap, prefix: str = ""
    ) -> Vector:
        heads = range(config.n_head)
        order = [j * config.n_head + head for head in heads for j in range(config.head_dim)]

        def joined(nodes: Vector) -> Vector:
            return [nodes[order.index(i)] for i in range(len(nodes))]

        def tapped(name: str, nodes: Any) -> None:
            tap(name, joined(nodes) if name.endswith("attn_heads") else nodes)

        keys, values = ([reordered(row, order) for row in rows] for rows in (k, v))
        return joined(original(reordered(q, order), keys, values, config, tapped, prefix))

    return {"attention": attention}
