"""Mistakes in what attention multiplies before and after: queries, keys, values and the output."""

from __future__ import annotations

from typing import Any

import reference.model
from conformance.anatomy.levels import Level
from reference.model import Matrix, Tap, Vector

from ..mistake import Patch, mistake
from ..seams import gpt_with


@mistake(
    "A matrix is transposed where it is square",
    what="Square matrices are multiplied from the other side: no shape tells.",
    why="Weights are [nout][nin]; most libraries multiply x by [nin][nout].",
    mend="Compute `sum_i w[o][i] * x[i]`: w @ x, or x @ w.T.",
    level=Level.LAYERS,
    languages=("NumPy", "PyTorch", "JAX", "Julia", "R", "MATLAB"),
    twins={
        "matrix-strides-swapped": "Ask for a matrix that is not square (case layers/linear-wide): "
        "it is right if only square ones are transposed.",
    },
)
def transposed_linear_when_square() -> Patch:
    right = reference.model.linear

    def linear(x: Vector, w: Matrix) -> Vector:
        if len(w) == len(x):
            return right(x, [list(column) for column in zip(*w, strict=True)])
        return right(x, w)

    return {"linear": linear}


@mistake(
    "A flat matrix is read with the wrong stride",
    what="Element (o, i) is taken from i * nout + o in place of o * nin + i.",
    why="Column-major order is assumed of numbers that lie row by row.",
    mend="Read element (o, i) from o * nin + i.",
    level=Level.LAYERS,
    languages=("C", "C++", "Rust", "Fortran", "Julia", "GLSL"),
)
def matrix_strides_swapped() -> Patch:
    right = reference.model.linear

    def linear(x: Vector, w: Matrix) -> Vector:
        flat = [node for row in w for node in row]
        return right(x, [flat[o :: len(w)] for o in range(len(w))])

    return {"linear": linear}


@mistake(
    "Queries and keys are swapped",
    what="wq makes keys and wk makes queries.",
    why="Two matrices of one shape are easily taken for each other.",
    mend="Make queries with wq and keys with wk.",
    level=Level.FORWARD,
    languages=("any",),
)
def queries_and_keys_swapped() -> Patch:
    from .. import seams

    return gpt_with(query=seams.key, key=seams.query)


@mistake(
    "The output matrix of attention is transposed",
    what="wo, and none of the others, is multiplied from the other side.",
    why="It is applied by other code than queries, keys and values, in which layouts differ.",
    mend="Multiply by wo as by all others: `sum_i w[o][i] * x[i]`.",
    level=Level.FORWARD,
    languages=("NumPy", "PyTorch", "JAX"),
)
def attention_output_transposed() -> Patch:
    def attn_out(heads: Vector, weights: Any, at: str) -> Vector:
        rows = weights[at + "attn_wo"]
        columns = [[row[i] for row in rows] for i in range(len(heads))]
        return reference.model.linear(heads, columns)

    return gpt_with(attn_out=attn_out)


@mistake(
    "The output matrix of attention is missing",
    what="The joined heads go on as they are.",
    why="Heads joined have the right shape already.",
    mend="Multiply the joined heads by wo.",
    level=Level.FORWARD,
    languages=("any",),
)
def attention_output_missing() -> Patch:
    return gpt_with(attn_out=lambda heads, _weights, _at: heads)


@mistake(
    "Keys and values are made from the input before the norm",
    what="Queries see the normed input, keys and values the other one.",
    why="The variable from before the norm is still at hand.",
    mend="Make queries, keys and values from the same normed input.",
    level=Level.FORWARD,
    languages=("any",),
)
def keys_before_the_norm() -> Patch:
    from .. import seams

    right = seams.projected

    def projected(x: Vector, weights: Any, at: str, tap: Tap) -> Any:
        normed, q, _, _ = right(x, weights, at, tap)
        k = reference.model.linear(x, weights[at + "attn_wk"])
        v = reference.model.linear(x, weights[at + "attn_wv"])
        return normed, q, k, v

    return gpt_with(projected=projected)
