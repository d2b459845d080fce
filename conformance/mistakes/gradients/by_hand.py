"""Mistakes in gradients derived by hand: what a layer gives is right, what it hands back is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import reference.model
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Matrix, Nodes, Vector
from reference.value import Value

from ..mistake import Patch, mistake
from ..parts import detached, softmax_with, without_tape
from ..seams import attention_with, gpt_with

HAND = ("written by hand", "C", "Rust", "Swift", "NumPy")


def _with_jacobian(
    outputs: Vector, inputs: Sequence[Value], slope: Callable[[int, int], float]
) -> Vector:
    """The outputs' values, each with its own derivatives by the inputs."""
    without_tape(*outputs)
    return [
        Value(output.data, tuple(inputs), tuple(slope(i, j) for j in range(len(inputs))))
        for i, output in enumerate(outputs)
    ]


def _softmax_with(slope: Callable[[float, float, bool], float]) -> Patch:
    """A softmax whose slopes are a function of both outputs, and of whether they are one.

    Cross entropy has a short gradient of its own, by hand, and stays right.
    """
    softmax = reference.model.softmax

    def by_hand(logits: Vector) -> Vector:
        y = _constants(softmax(logits))
        return _with_jacobian(y, logits, lambda i, j: slope(y[i].data, y[j].data, i == j))

    def cross_entropy(logits: Vector, target: int) -> Value:
        return -reference.model.pick(softmax(logits), target).log()

    return {"softmax": by_hand, "cross_entropy": cross_entropy}


def _constants(x: Vector) -> Vector:
    return [detached(xi) for xi in x]


@mistake(
    "The softmax's gradient leaves out the sum, though the loss's own is right",
    what="The gradient is p * g in place of p * (g - sum(p * g)).",
    why="Each probability is derived by its own logit alone; cross entropy has its well-known "
    "gradient, and so the loss looks right.",
    mend="dL/dx = p * (g - sum(p * g)).",
    level=Level.LAYERS,
    languages=HAND,
    twins={
        "softmax-denominator-detached": "Ask for the gradient of cross entropy (cases "
        "layers/cross-entropy-*): it is right if only the softmax by hand is wrong.",
    },
)
def softmax_gradient_without_the_sum() -> Patch:
    return _softmax_with(lambda p, _q, same: p * same)


@mistake(
    "The sign of the sum in the softmax's gradient is turned",
    what="The gradient is p * (g + sum(p * g)) in place of p * (g - sum(p * g)).",
    why="A sign is lost when the quotient's derivative is written out.",
    mend="Subtract the sum: dL/dx = p * (g - sum(p * g)).",
    level=Level.LAYERS,
    languages=HAND,
)
def softmax_gradient_sign() -> Patch:
    return _softmax_with(lambda p, q, same: p * same + p * q)


@mistake(
    "The softmax's gradient is that of a sigmoid",
    what="Each gradient is g * p * (1 - p), without what the other probabilities take.",
    why="The diagonal of the Jacobian is taken for all of it.",
    mend="dL/dx = p * (g - sum(p * g)): the sum runs over all probabilities.",
    level=Level.LAYERS,
    languages=HAND,
)
def softmax_gradient_of_the_diagonal() -> Patch:
    return _softmax_with(lambda p, _q, same: p * (1 - p) * same)


def _rmsnorm_with(second: Callable[[float, int], float]) -> Patch:
    """A norm whose gradient's second term is x_i x_j times a function of scale and length."""
    rmsnorm = reference.model.rmsnorm

    def by_hand(x: Vector) -> Vector:
        without_tape(*x)
        mean = sum(xi.data * xi.data for xi in x) / len(x) + 1e-5
        scale = mean**-0.5
        factor = second(scale, len(x))

        def slope(i: int, j: int) -> float:
            return (scale if i == j else 0.0) + x[i].data * x[j].data * factor

        return _with_jacobian([detached(y) for y in rmsnorm(x)], x, slope)

    return {"rmsnorm": by_hand}


@mistake(
    "The sign of the second term in the norm's gradient is turned",
    what="The projection onto the input is added to the gradient in place of subtracted.",
    why="The derivative of a power of -0.5 is negative, and the sign gets lost.",
    mend="dL/dx = s * g - s**3 / n * x * sum(x * g).",
    level=Level.LAYERS,
    languages=HAND,
)
def rms_gradient_sign() -> Patch:
    return _rmsnorm_with(lambda scale, n: scale**3 / n)


@mistake(
    "The second term of the norm's gradient has the scale squared",
    what="The term is s**2 / n * x * sum(x * g), with one power of the scale too few.",
    why="The output is taken for the input somewhere while the terms are collected.",
    mend="dL/dx = s * g - s**3 / n * x * sum(x * g), with x the norm's input.",
    level=Level.LAYERS,
    languages=HAND,
)
def rms_gradient_scale_squared() -> Patch:
    return _rmsnorm_with(lambda scale, n: -(scale**2) / n)


def _scaled_with(slope: Callable[[Config], float]) -> Callable[[Value, Config], Value]:
    """A product scaled as it must be, whose gradient is scaled by something else."""

    def scaled(product: Value, config: Config) -> Value:
        without_tape(product)
        return Value(product.data / config.head_dim**0.5, (product,), (slope(config),))

    return scaled


@mistake(
    "The gradient of attention's scores lacks the factor 1/sqrt(d)",
    what="Gradients of query and key weights are sqrt(head_dim) times too large.",
    why="The scale is applied on the way forward and forgotten on the way back.",
    mend="Multiply the gradient of the scores by 1/sqrt(head_dim) before it goes to q and k.",
    level=Level.LAYERS,
    languages=HAND,
)
def attention_gradient_not_scaled() -> Patch:
    return attention_with(scaled=_scaled_with(lambda _config: 1.0))


@mistake(
    "The gradient of attention's scores is scaled by 1/d",
    what="Gradients of query and key weights are sqrt(head_dim) times too small.",
    why="The factor 1/sqrt(head_dim) is applied twice: to the scores' gradient, and to q or k.",
    mend="Scale once on the way back, as on the way forward.",
    level=Level.LAYERS,
    languages=HAND,
)
def attention_gradient_scaled_twice() -> Patch:
    return attention_with(scaled=_scaled_with(lambda config: 1 / config.head_dim))


@mistake(
    "The gradient of attention's softmax leaves out the sum, in attention alone",
    what="Scores get p * g; the loss's own softmax is right.",
    why="Cross entropy has its well-known short gradient, and attention's softmax gets a short "
    "one, too.",
    mend="dL/ds = p * (g - sum(p * g)), for every query and head.",
    level=Level.LAYERS,
    languages=HAND,
    twins={
        "softmax-denominator-detached": "Ask for the softmax layer by itself (cases "
        "layers/softmax-*): it is right if attention alone is wrong.",
    },
)
def attention_softmax_denominator_detached() -> Patch:
    weigh = softmax_with(lambda exps: detached(reference.model.total(exps)))
    return attention_with(weighed=lambda scores, _config: weigh(scores))


def _linear_with(
    of_weights: Callable[[Matrix, int], Vector], by_input: Callable[[Matrix, int, int], float]
) -> Patch:
    """A linear layer whose gradients go elsewhere where its matrix is square.

    Args:
        of_weights: the weights that get the i-th output's gradient times the input.
        by_input: the slope of the i-th output by the j-th input.
    """
    right = reference.model.linear

    def linear(x: Vector, w: Matrix) -> Vector:
        if len(w) != len(x):
            return right(x, w)
        outputs = _constants(right(x, w))
        without_tape(*outputs)
        return [
            Value(
                output.data,
                (*of_weights(w, i), *x),
                (*(xj.data for xj in x), *(by_input(w, i, j) for j in range(len(x)))),
            )
            for i, output in enumerate(outputs)
        ]

    return {"linear": linear}


@mistake(
    "The gradient of a square matrix is transposed",
    what="The gradient of w is x times g, not g times x: of square matrices the transposed one.",
    why="The outer product is taken the wrong way round; square matrices have no shape error.",
    mend="dL/dw[i][j] = g[i] * x[j].",
    level=Level.LAYERS,
    languages=HAND,
)
def matrix_gradient_transposed() -> Patch:
    return _linear_with(lambda w, i: [row[i] for row in w], lambda w, i, j: w[i][j].data)


@mistake(
    "A gradient goes back through a square matrix, not through its transpose",
    what="The gradient of the input is w times g, not w transposed times g.",
    why="The product of the way forward is used again; square matrices have no shape error.",
    mend="dL/dx[j] = sum over i of w[i][j] * g[i].",
    level=Level.LAYERS,
    languages=HAND,
)
def input_gradient_not_transposed() -> Patch:
    return _linear_with(lambda w, i: list(w[i]), lambda w, i, j: w[j][i].data)


@mistake(
    "The residual around attention hands no gradient on",
    what="The gradient goes back through attention only; what the sum's other term is due is lost.",
    why="In a sum by hand the gradient must be added twice: once to the branch, once to the rest.",
    mend="Keep the gradient of the sum, and add to it what comes back from attention.",
    level=Level.BACKWARD,
    languages=HAND,
)
def attention_residual_gradient_lost() -> Patch:
    return gpt_with(attn_residual=lambda out, x, _normed: reference.model.add(out, _constants(x)))


@mistake(
    "The residual around the MLP hands no gradient on",
    what="The gradient goes back through the MLP only; what the sum's other term is due is lost.",
    why="In a sum by hand the gradient must be added twice: once to the branch, once to the rest.",
    mend="Keep the gradient of the sum, and add to it what comes back from the MLP.",
    level=Level.BACKWARD,
    languages=HAND,
)
def mlp_residual_gradient_lost() -> Patch:
    return gpt_with(mlp_residual=lambda out, x, _normed: reference.model.add(out, _constants(x)))


@mistake(
    "Queries, keys and values overwrite each other's gradient of their input",
    what="Of the three gradients of the norm before attention only that of the values arrives.",
    why="Three backward products write to one buffer with `=`, and the last one stays.",
    mend="Add all three: the norm's output is used three times.",
    level=Level.BACKWARD,
    languages=HAND,
)
def projection_gradients_overwritten() -> Patch:
    def with_constant_input(name: str) -> Callable[[Vector, Nodes, str], Vector]:
        return lambda x, weights, at: reference.model.linear(_constants(x), weights[at + name])

    return gpt_with(query=with_constant_input("attn_wq"), key=with_constant_input("attn_wk"))


@mistake(
    "A token that occurs twice has its embedding's gradient overwritten",
    what="Of a letter's occurrences in a document only the first one counts in wte.",
    why="The row is written with `=` while positions are walked backwards.",
    mend="Add to the row: dL/dwte[token] is a sum over all positions of that token.",
    level=Level.BACKWARD,
    languages=HAND,
)
def embedding_gradient_overwritten() -> Patch:
    seen: set[int] = set()

    def embedding(token: int, position: int, weights: Nodes, _config: Config) -> Vector:
        without_tape(token)
        if position == 0:
            seen.clear()
        row = list(weights["wte"][token])
        row = _constants(row) if token in seen else row
        seen.add(token)
        return reference.model.add(row, weights["wpe"][position])

    return gpt_with(embedding=embedding)
