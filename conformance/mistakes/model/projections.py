"""Mistakes in the matrices around attention: queries, keys, values and output."""

from collections.abc import Callable
from typing import Any

import reference.model
from conformance.anatomy.levels import Level
from reference.model import Matrix, Tap, Vector

from ..mistake import Patch, mistake_at
from ..patch_of_function import around, given_to
from ..seams import model
from ..seams.model import gpt_with

layers_mistake = mistake_at(Level.LAYERS)
forward_mistake = mistake_at(Level.FORWARD)


@layers_mistake(
    "Square matrices are transposed",
    what="Square matrices are multiplied as w.T @ x instead of w @ x; no shape error reveals it.",
    why="Weights are [nout][nin], but most libraries multiply x by [nin][nout].",
    mend="Compute y[o] = sum_i w[o][i] * x[i]: w @ x, or x @ w.T.",
    languages=("NumPy", "PyTorch", "JAX", "Julia", "R", "MATLAB"),
    twins={
        "matrix-strides-swapped": "Use a matrix that is not square (case layers/linear-wide): it "
        "passes if only square matrices are transposed.",
    },
)
@around("linear")
def transposed_linear_when_square(original: Callable[..., Vector], x: Vector, w: Matrix) -> Vector:
    if len(w) == len(x):
        return original(x, [list(column) for column in zip(*w, strict=True)])
    return original(x, w)


@layers_mistake(
    "A flat matrix is read with the wrong stride",
    what="Element (o, i) is read from index i * nout + o instead of o * nin + i.",
    why="Numbers in row-major order are read as column-major.",
    mend="Read element (o, i) from index o * nin + i.",
    languages=("C", "C++", "Rust", "Fortran", "Julia", "GLSL"),
)
@around("linear")
def matrix_strides_swapped(original: Callable[..., Vector], x: Vector, w: Matrix) -> Vector:
    flat = [node for row in w for node in row]
    return original(x, [flat[o :: len(w)] for o in range(len(w))])


@forward_mistake(
    "Queries and keys are swapped",
    what="attn_wq makes the keys and attn_wk makes the queries.",
    why="Two matrices of the same shape are easily confused.",
    mend="Compute the queries with attn_wq and the keys with attn_wk.",
)
def queries_and_keys_swapped() -> Patch:
    return gpt_with(query=model.key, key=model.query)


@forward_mistake(
    "The output matrix of attention is transposed",
    what="Attention's output is multiplied by attn_wo.T instead of attn_wo; all other matrices are "
    "right.",
    why="Other code than that of queries, keys and values applies it, with another layout.",
    mend="Multiply by attn_wo like by every other matrix: y[o] = sum_i w[o][i] * x[i].",
    languages=("NumPy", "PyTorch", "JAX"),
)
@given_to(gpt_with, "attn_out")
def attention_output_transposed(heads: Vector, weights: Any, at: str) -> Vector:
    rows = weights[at + "attn_wo"]
    columns = [[row[i] for row in rows] for i in range(len(heads))]
    return reference.model.linear(heads, columns)


@forward_mistake(
    "The output matrix of attention is not applied",
    what="The joined heads are added to the residual without a multiplication by attn_wo.",
    why="The joined heads already have the right shape.",
    mend="Multiply the joined heads by attn_wo.",
)
def attention_output_missing() -> Patch:
    return gpt_with(attn_out=lambda heads, _weights, _at: heads)


@forward_mistake(
    "Keys and values are computed from the input before the norm",
    what="Queries use rmsnorm(x), but keys and values use x.",
    why="The variable from before the norm is still in scope.",
    mend="Compute queries, keys and values from the same rmsnorm(x).",
)
def keys_before_the_norm() -> Patch:
    original = model.projected

    def projected(x: Vector, weights: Any, at: str, tap: Tap) -> Any:
        normed, q, _, _ = original(x, weights, at, tap)
        k = reference.model.linear(x, weights[at + "attn_wk"])
        v = reference.model.linear(x, weights[at + "attn_wv"])
        return normed, q, k, v

    return gpt_with(projected=projected)
