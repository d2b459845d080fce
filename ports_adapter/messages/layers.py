"""Small parts by themselves: `evaluate`, and every layer with its vector-Jacobian product."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from .common import (
    Matrix,
    Message,
    Number,
    Position,
    Vector,
)


class Node(Message):
    """A node of a graph: a `leaf` has a `value`, any other one or two `args`, earlier nodes.

    `add`, `sub`, `mul` and `div` take two; a `pow` takes one and a constant `exponent`.
    """

    op: Literal["leaf", "add", "sub", "mul", "div", "neg", "pow", "exp", "log", "relu"]
    args: list[Position] = field(default_factory=list)
    value: Annotated[float | UnsetType, Meta(description="Of a `leaf`.")] = UNSET
    exponent: Annotated[float | UnsetType, Meta(description="Of a `pow`, a constant.")] = UNSET


class EvaluateParams(Message):
    nodes: Annotated[list[Node], Meta(min_length=1, description="The last one is the output.")]


class EvaluateResult(Message):
    value: Number
    grads: Annotated[
        Vector, Meta(description="Of the output by every leaf, in the order of the leaves.")
    ]


class LinearParams(Message):
    """`output[o] = sum_i w[o][i] * x[i]`."""

    x: Vector
    w: Matrix
    output_grad: Vector


class LinearGrads(Message):
    x: Vector
    w: Matrix


class LinearResult(Message):
    output: Vector
    grads: LinearGrads


class VectorParams(Message):
    """A function of one vector."""

    x: Vector
    output_grad: Vector


class VectorGrads(Message):
    x: Vector


class VectorResult(Message):
    output: Vector
    grads: VectorGrads


class AttentionParams(Message):
    """One query over all cached positions, by heads: `softmax(q . k / sqrt(head_dim))` of `v`."""

    q: Vector
    k: Matrix
    v: Matrix
    n_head: int
    output_grad: Vector


class AttentionGrads(Message):
    q: Vector
    k: Matrix
    v: Matrix


class AttentionResult(Message):
    output: Vector
    grads: AttentionGrads


class MlpParams(Message):
    """`fc2 @ activation(fc1 @ x)`."""

    x: Vector
    fc1: Matrix
    fc2: Matrix
    output_grad: Vector
    activation: Annotated[
        str,
        Meta(
            description="`relu` if it is not there; another one is asked only of a port whose "
            "profile has it, or that lists it in `activations`."
        ),
    ] = "relu"


class MlpGrads(Message):
    x: Vector
    fc1: Matrix
    fc2: Matrix


class MlpResult(Message):
    output: Vector
    grads: MlpGrads


class CrossEntropyParams(Message):
    """`-log(softmax(logits)[target])`."""

    logits: Vector
    target: Position


class CrossEntropyGrads(Message):
    logits: Vector


class CrossEntropyResult(Message):
    loss: Number
    grads: CrossEntropyGrads
