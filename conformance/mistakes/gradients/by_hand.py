"""Mistakes in gradients derived by hand: a layer's output is right, but its gradient is not."""

from collections.abc import Callable, Sequence

import reference.model
from conformance.anatomy.levels import Level
from reference.config import Config
from reference.model import Cache, Matrix, Nodes, Tap, Vector, no_tap
from reference.value import Value

from ..mistake import Patch, mistake_at
from ..parts import constants, detached, softmax_with, without_tape
from ..seams import model
from ..seams.model import attention_with, gpt_with

layers_mistake = mistake_at(Level.LAYERS)
backward_mistake = mistake_at(Level.BACKWARD)

HAND = ("written by hand", "C", "Rust", "Swift", "NumPy")


def _with_jacobian(
    outputs: Vector, inputs: Sequence[Value], slope: Callable[[int, int], float]
) -> Vector:
    """Nodes with the outputs' values whose derivative of output i by input j is `slope(i, j)`."""
    without_tape(*outputs)
    return [
        Value(output.data, tuple(inputs), tuple(slope(i, j) for j in range(len(inputs))))
        for i, output in enumerate(outputs)
    ]


def _softmax_with(slope: Callable[[float, float, bool], float]) -> Patch:
    """A softmax with another Jacobian: `slope(y[i], y[j], i == j)`.

    Cross-entropy keeps its right gradient, since by hand it has a short formula of its own.
    """
    softmax = reference.model.softmax

    def by_hand(logits: Vector) -> Vector:
        y = constants(softmax(logits))
        return _with_jacobian(y, logits, lambda i, j: slope(y[i].data, y[j].data, i == j))

    def cross_entropy(logits: Vector, target: int) -> Value:
        return -reference.model.pick(softmax(logits), target).log()

    return {"softmax": by_hand, "cross_entropy": cross_entropy}


@layers_mistake(
    "The softmax's gradient omits the sum; the loss's gradient is right",
    what="dL/dx is p * g instead of p * (g - sum(p * g)).",
    why="Each probability is differentiated by its own logit only. Cross-entropy uses its "
    "well-known short gradient, so the loss looks right.",
    mend="Use dL/dx = p * (g - sum(p * g)).",
    languages=HAND,
    twins={
        "softmax-denominator-detached": "Compute the gradient of cross-entropy (cases "
        "layers/cross-entropy-*): it is right if only the softmax's gradient by hand is wrong.",
    },
)
def softmax_gradient_without_the_sum() -> Patch:
    return _softmax_with(lambda p, _q, same: p * same)


@layers_mistake(
    "The sum in the softmax's gradient has the wrong sign",
    what="dL/dx is p * (g + sum(p * g)) instead of p * (g - sum(p * g)).",
    why="A sign is lost when the quotient's derivative is written out.",
    mend="Subtract the sum: dL/dx = p * (g - sum(p * g)).",
    languages=HAND,
)
def softmax_gradient_sign() -> Patch:
    return _softmax_with(lambda p, q, same: p * same + p * q)


@layers_mistake(
    "The softmax is differentiated like a sigmoid",
    what="dL/dx is g * p * (1 - p), which ignores the effect on the other probabilities.",
    why="Only the diagonal of the Jacobian is used.",
    mend="Use dL/dx = p * (g - sum(p * g)); the sum runs over all probabilities.",
    languages=HAND,
)
def softmax_gradient_of_the_diagonal() -> Patch:
    return _softmax_with(lambda p, _q, same: p * (1 - p) * same)


def _rmsnorm_with(second: Callable[[float, int], float]) -> Patch:
    """A norm whose Jacobian has the second term `x[i] * x[j] * second(scale, length)`."""
    rmsnorm = reference.model.rmsnorm

    def by_hand(x: Vector) -> Vector:
        without_tape(*x)
        mean = sum(xi.data * xi.data for xi in x) / len(x) + 1e-5
        scale = mean**-0.5
        factor = second(scale, len(x))

        def slope(i: int, j: int) -> float:
            return (scale if i == j else 0.0) + x[i].data * x[j].data * factor

        return _with_jacobian(constants(rmsnorm(x)), x, slope)

    return {"rmsnorm": by_hand}


@layers_mistake(
    "The second term of the norm's gradient has the wrong sign",
    what="dL/dx is s * g + s**3 / n * x * sum(x * g): the projection onto the input is added, not "
    "subtracted.",
    why="The derivative of x**-0.5 is negative, and its sign gets lost.",
    mend="Use dL/dx = s * g - s**3 / n * x * sum(x * g).",
    languages=HAND,
)
def rms_gradient_sign() -> Patch:
    return _rmsnorm_with(lambda scale, n: scale**3 / n)


@layers_mistake(
    "The second term of the norm's gradient has the scale squared, not cubed",
    what="The second term is s**2 / n * x * sum(x * g), with one factor s too few.",
    why="The norm's output was confused with its input when the terms were collected.",
    mend="Use dL/dx = s * g - s**3 / n * x * sum(x * g), where x is the norm's input.",
    languages=HAND,
)
def rms_gradient_scale_squared() -> Patch:
    return _rmsnorm_with(lambda scale, n: -(scale**2) / n)


def _scaled_with(slope: Callable[[Config], float]) -> Callable[[Value, Config], Value]:
    """The right score, whose derivative by the product q·k is another factor."""

    def scaled(product: Value, config: Config) -> Value:
        without_tape(product)
        return Value(product.data / config.head_dim**0.5, (product,), (slope(config),))

    return scaled


@layers_mistake(
    "The gradient of the attention scores lacks the factor 1 / sqrt(head_dim)",
    what="The gradients of attn_wq and attn_wk are sqrt(head_dim) times too large.",
    why="The forward pass applies the factor, and the backward pass forgets it.",
    mend="Multiply the scores' gradient by 1 / sqrt(head_dim) before it goes to q and k.",
    languages=HAND,
)
def attention_gradient_not_scaled() -> Patch:
    return attention_with(scaled=_scaled_with(lambda _config: 1.0))


@layers_mistake(
    "The gradient of the attention scores is divided by head_dim",
    what="The gradients of attn_wq and attn_wk are sqrt(head_dim) times too small.",
    why="The factor 1 / sqrt(head_dim) is applied twice: to the scores' gradient, and again to q "
    "or k.",
    mend="Apply the factor once in the backward pass, as in the forward pass.",
    languages=HAND,
)
def attention_gradient_scaled_twice() -> Patch:
    return attention_with(scaled=_scaled_with(lambda config: 1 / config.head_dim))


@layers_mistake(
    "The gradient of attention's own softmax omits the sum",
    what="dL/dscores is p * g instead of p * (g - sum(p * g)); the loss's softmax is right.",
    why="Cross-entropy has a well-known short gradient, and attention's softmax was given a short "
    "one too.",
    mend="Use dL/dscores = p * (g - sum(p * g)) for every query and head.",
    languages=HAND,
    twins={
        "softmax-denominator-detached": "Test the softmax alone (cases layers/softmax-*): it "
        "passes if only attention is wrong.",
    },
)
def attention_softmax_denominator_detached() -> Patch:
    weigh = softmax_with(lambda exps: detached(reference.model.total(exps)))
    return attention_with(weighed=lambda scores, _config: weigh(scores))


def _linear_with(
    of_weights: Callable[[Matrix, int], Vector], by_input: Callable[[Matrix, int, int], float]
) -> Patch:
    """A linear layer with other gradients if its matrix is square.

    Args:
        of_weights: the weights whose gradient is the gradient of output i times the input.
        by_input: the derivative of output i by input j.
    """
    original = reference.model.linear

    def linear(x: Vector, w: Matrix) -> Vector:
        if len(w) != len(x):
            return original(x, w)
        outputs = constants(original(x, w))
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


@layers_mistake(
    "The gradient of a square matrix is transposed",
    what="dL/dw[i][j] is x[i] * g[j] instead of g[i] * x[j], for square matrices.",
    why="The factors of the outer product are swapped; a square matrix gives no shape error.",
    mend="Use dL/dw[i][j] = g[i] * x[j].",
    languages=HAND,
)
def matrix_gradient_transposed() -> Patch:
    return _linear_with(lambda w, i: [row[i] for row in w], lambda w, i, j: w[i][j].data)


@layers_mistake(
    "The input's gradient uses the matrix, not its transpose",
    what="dL/dx is w @ g instead of w.T @ g, for square matrices.",
    why="The product of the forward pass is reused; a square matrix gives no shape error.",
    mend="Use dL/dx[j] = sum_i w[i][j] * g[i].",
    languages=HAND,
)
def input_gradient_not_transposed() -> Patch:
    return _linear_with(lambda w, i: list(w[i]), lambda w, i, j: w[j][i].data)


@backward_mistake(
    "The residual around attention passes no gradient on",
    what="The gradient flows back through attention only, not through the residual connection.",
    why="In a backward pass by hand, the gradient of a sum must go to both of its terms.",
    mend="Keep the gradient of the sum, and add to it the gradient that comes back from attention.",
    languages=HAND,
)
def attention_residual_gradient_lost() -> Patch:
    return gpt_with(attn_residual=lambda out, x, _normed: reference.model.add(out, constants(x)))


@backward_mistake(
    "The residual around the MLP passes no gradient on",
    what="The gradient flows back through the MLP only, not through the residual connection.",
    why="In a backward pass by hand, the gradient of a sum must go to both of its terms.",
    mend="Keep the gradient of the sum, and add to it the gradient that comes back from the MLP.",
    languages=HAND,
)
def mlp_residual_gradient_lost() -> Patch:
    return gpt_with(mlp_residual=lambda out, x, _normed: reference.model.add(out, constants(x)))


@backward_mistake(
    "Queries, keys and values overwrite each other's input gradient",
    what="The norm before attention gets the gradient that comes through the values, not the sum "
    "of all three.",
    why="Three backward products write to the same buffer with `=`, so only the last remains.",
    mend="Add all three gradients: the norm's output is used three times.",
    languages=HAND,
)
def projection_gradients_overwritten() -> Patch:
    def with_constant_input(name: str) -> Callable[[Vector, Nodes, str], Vector]:
        return lambda x, weights, at: reference.model.linear(constants(x), weights[at + name])

    return gpt_with(query=with_constant_input("attn_wq"), key=with_constant_input("attn_wk"))


@backward_mistake(
    "Gradients of cached keys and values stop at their weights",
    what="What later positions pass back to a key or a value reaches attn_wk and attn_wv, but not "
    "the position that it was computed from, so the gradients of the embeddings are wrong.",
    why="The backward pass goes position by position, and each adds to its own input only.",
    mend="Add the gradients of a key and a value over all positions first, then pass them back to "
    "the position's input.",
    languages=HAND,
)
def cached_gradients_stop_at_their_weights() -> Patch:
    def gpt(
        token: int, position: int, cache: Cache, weights: Nodes, config: Config, tap: Tap = no_tap
    ) -> Vector:
        without_tape(token)
        x = model.entered(token, position, weights, config, tap)
        for layer in range(config.n_layer):
            at, keys, values = config.at_layer(layer), cache.keys[layer], cache.values[layer]
            normed, q, k, v = model.projected(x, weights, at, tap)
            heads = reference.model.attention(q, [*keys, k], [*values, v], config, tap, at)
            keys.append(model.key(constants(normed), weights, at))
            values.append(model.value(constants(normed), weights, at))
            x = model.finished(heads, x, normed, weights, config, at, tap)
        return model.seen(tap, "logits", model.output(x, weights, config))

    return {"gpt": gpt}
