"""Mistakes of ports that compute all positions at once and mask the later ones."""

from collections.abc import Callable, Sequence

import reference.model
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Matrix, Nodes, Tap, Vector

from ..mistake import Patch, mistake_at
from ..seams import model
from ..seams.training import loss_with

mistake = mistake_at(Level.FORWARD)

Projections = Sequence[tuple[Vector, Vector, Vector]]
"""The query, key and value of every position."""

AttendAll = Callable[[Projections, Config, Tap, str], list[Vector]]
"""Takes a layer's projections of all positions; gives the joined heads `[positions][n_embd]`."""

Hidden = Callable[[Matrix, int], Matrix]
"""Takes the keys (or values) of all positions and a position; gives those that it uses."""


def _at_once(attend_all: AttendAll) -> Patch:
    """The model layer by layer for all positions, whose attention may use later positions."""

    def logits_of(
        weights: Nodes, tokens: Sequence[int], n: int, config: Config, tap: Tap
    ) -> list[Vector]:
        xs = [model.entered(tokens[p], p, weights, config, tap) for p in range(n)]
        for layer in range(config.n_layer):
            at = config.at_layer(layer)
            projections = [model.projected(x, weights, at, tap) for x in xs]
            heads = attend_all([(q, k, v) for _, q, k, v in projections], config, tap, at)
            xs = [
                model.finished(row, x, normed, weights, config, at, tap)
                for row, x, (normed, _, _, _) in zip(heads, xs, projections, strict=True)
            ]
        return [model.seen(tap, "logits", model.output(x, weights, config)) for x in xs]

    return loss_with(logits_of=logits_of)


def _as_it_is(rows: Matrix, _position: int) -> Matrix:
    return rows


def _times_zero(rows: Matrix, position: int) -> Matrix:
    """The rows, with those after a position multiplied by 0."""
    return [row if p <= position else [node * 0.0 for node in row] for p, row in enumerate(rows)]


def _with_all_positions(keys_of: Hidden, values_of: Hidden) -> Patch:
    """Attention to the whole document, with changed keys and values."""

    def attend_all(projections: Projections, config: Config, tap: Tap, at: str) -> list[Vector]:
        keys, values = [k for _, k, _ in projections], [v for _, _, v in projections]
        return [
            reference.model.attention(q, keys_of(keys, p), values_of(values, p), config, tap, at)
            for p, (q, _, _) in enumerate(projections)
        ]

    return _at_once(attend_all)


@mistake(
    "There is no causal mask",
    what="Every position attends to the whole document, including the letters that it should "
    "predict.",
    why="All positions are computed at once, and the mask was forgotten.",
    mend="Let position p attend to positions 0 to p only.",
    languages=("NumPy", "PyTorch", "JAX", "TensorFlow"),
)
def causal_mask_missing() -> Patch:
    return _with_all_positions(_as_it_is, _as_it_is)


@mistake(
    "Masked scores are 0, not minus infinity",
    what="Later positions keep a score of 0 and take part in the softmax with exp(0) = 1.",
    why="Scores are multiplied by a mask of ones and zeros.",
    mend="Set masked scores to minus infinity before the softmax.",
    languages=("NumPy", "PyTorch", "JAX", "TensorFlow"),
)
def mask_of_zeros() -> Patch:
    return _with_all_positions(_times_zero, _as_it_is)


@mistake(
    "The mask is applied after the softmax",
    what="Weights of later positions are set to 0, so the remaining weights no longer sum to 1.",
    why="The two lines are in the wrong order.",
    mend="Mask the scores with minus infinity, then apply the softmax.",
    languages=("NumPy", "PyTorch", "JAX", "TensorFlow"),
)
def mask_after_the_softmax() -> Patch:
    return _with_all_positions(_as_it_is, _times_zero)


@mistake(
    "The attention softmax runs over the wrong axis",
    what="The weights of one key sum to 1 over the queries, instead of the weights of one query "
    "over the keys.",
    why="The softmax runs over the axis of the queries.",
    mend="For each query, apply the softmax over its keys: the last axis of [queries][keys].",
    languages=("NumPy", "PyTorch", "JAX", "TensorFlow"),
)
def softmax_over_queries() -> Patch:
    return _at_once(_over_queries)


def _over_queries(projections: Projections, config: Config, tap: Tap, at: str) -> list[Vector]:
    """Attention whose softmax runs over the queries from each key's position on."""
    n, size = len(projections), config.head_dim
    scores: list[Matrix] = [[] for _ in range(n)]
    weights: list[Matrix] = [[] for _ in range(n)]
    outputs: list[Vector] = [[] for _ in range(n)]
    for head in range(config.n_head):
        part = slice(head * size, (head + 1) * size)
        columns = [
            [
                model.scaled(reference.model.dot(q[part], k[part]), config)
                for q, _, _ in projections[p:]
            ]
            for p, (_, k, _) in enumerate(projections)
        ]
        shares = [reference.model.softmax(column) for column in columns]
        for p in range(n):
            scores[p].append([columns[t][p - t] for t in range(p + 1)])
            weights[p].append([shares[t][p - t] for t in range(p + 1)])
            outputs[p] += [
                reference.model.dot(weights[p][-1], [v[j] for _, _, v in projections[: p + 1]])
                for j in range(part.start, part.stop)
            ]
    for p in range(n):
        tap(at + "attn_scores", scores[p])
        tap(at + "attn_weights", weights[p])
        tap(at + "attn_heads", outputs[p])
    return outputs
