"""Single parts of the program: `evaluate`, and each layer with its vector-Jacobian product."""

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
    """A node of an expression: a `leaf` with its `value`, or an operation `op` on earlier nodes.

    `args` holds the 0-based indices of its operands in `nodes`.
    """

    op: Literal["leaf", "add", "sub", "mul", "div", "neg", "pow", "exp", "log", "relu"]
    args: Annotated[
        list[Position], Meta(description="Of an operation: 0-based indices in `nodes`.")
    ] = field(default_factory=list)
    value: Annotated[float | UnsetType, Meta(description="Only of a `leaf`.")] = UNSET
    exponent: Annotated[float | UnsetType, Meta(description="Only of a `pow`: a constant.")] = UNSET


class EvaluateParams(Message):
    """`add`, `sub`, `mul` and `div` take two operands; `neg`, `exp`, `log`, `relu` and `pow` one.

    `log` is the natural logarithm. `relu(a)` is `max(0, a)`, and its derivative at exactly 0 is 0.
    `pow` raises its operand to the constant `exponent`, by which nothing is differentiated; its
    derivative is `exponent * a ** (exponent - 1)`. A node may be used several times, even twice by
    one operation: the gradients add up. An expression may be 20,000 nodes deep, too deep for
    recursion in most languages.
    """

    nodes: Annotated[
        list[Node], Meta(min_length=1, description="Operands first; the last one is the output.")
    ]


class EvaluateResult(Message):
    value: Number
    grads: Annotated[
        Vector,
        Meta(
            description="The derivative of the output by each leaf, in the order of the leaves; 0 "
            "for a leaf that the output does not depend on."
        ),
    ]


class LinearParams(Message):
    """`output[o] = sum_i w[o][i] * x[i]`."""

    x: Annotated[Vector, Meta(description="`[nin]`.")]
    w: Annotated[Matrix, Meta(description="`[nout][nin]`.")]
    output_grad: Vector


class LinearGrads(Message):
    x: Vector
    w: Matrix


class LinearResult(Message):
    output: Vector
    grads: LinearGrads


class VectorParams(Message):
    """The output is as long as `x`."""

    x: Vector
    output_grad: Vector


class VectorGrads(Message):
    x: Vector


class VectorResult(Message):
    output: Vector
    grads: VectorGrads


class AttentionParams(Message):
    """One query attends to all positions so far, its own included; `output` is `[n_embd]`.

    With `d = n_embd / n_head`, head `h` takes the slice `[h * d, (h + 1) * d)` of all vectors. Its
    scores are `q . k[t] / sqrt(d)`, its weights their softmax over the positions `t`, and its part
    of the output is `sum_t weights[t] * v[t]`.
    """

    q: Annotated[Vector, Meta(description="`[n_embd]`.")]
    k: Annotated[Matrix, Meta(description="`[positions][n_embd]`.")]
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
    """`output = fc2 @ activation(fc1 @ x)`."""

    x: Vector
    fc1: Annotated[Matrix, Meta(description="`[hidden][nin]`.")]
    fc2: Annotated[Matrix, Meta(description="`[nout][hidden]`.")]
    output_grad: Vector
    activation: Annotated[
        str,
        Meta(
            description="`relu` if absent. Another one is sent only to a port whose profile has "
            "it, or that lists it in `activations`."
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
    """`loss = -log(softmax(logits)[target])`, in nats.

    There is no `output_grad`: `grads` are the derivatives of `loss` itself.
    """

    logits: Vector
    target: Position


class CrossEntropyGrads(Message):
    logits: Vector


class CrossEntropyResult(Message):
    loss: Number
    grads: CrossEntropyGrads
