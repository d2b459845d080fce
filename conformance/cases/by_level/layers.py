"""Level `layers`: each function of the model by itself, forward and backward."""

import random
from collections.abc import Iterator

from msgspec import structs

from ports_adapter.messages import (
    AttentionParams,
    CrossEntropyParams,
    LinearParams,
    Message,
    MlpParams,
    Number,
    VectorParams,
)

from ..case import Case
from ..function_case import function_case

Vector = list[Number]

LAYERS = ("linear", "softmax", "rmsnorm", "attention", "mlp", "cross_entropy")


class Draw:
    """Draws vectors and matrices of normal numbers from a seed."""

    def __init__(self, seed: str) -> None:
        self.generator = random.Random(seed)

    def vector(self, size: int, std: float = 1.0) -> Vector:
        """A vector of `size` normal numbers."""
        return [self.generator.gauss(0, std) for _ in range(size)]

    def matrix(self, rows: int, columns: int, std: float = 1.0) -> list[Vector]:
        """A matrix of normal numbers, `[rows][columns]`."""
        return [self.vector(columns, std) for _ in range(rows)]


def cases(seed: int, activation: str = "relu") -> list[Case]:
    """Cases with fixed numbers, then a fresh one for every layer; the MLP has this activation."""
    return [*_fixed(Draw("layers"), activation), *_fresh(Draw(f"{seed}/layers"), activation)]


def _fixed(draw: Draw, activation: str) -> Iterator[Case]:
    yield _case("linear-square", "multiplies by a matrix, not its transpose", _linear(draw, 5, 5))
    yield _case("linear-wide", "takes more inputs than outputs", _linear(draw, 7, 3))
    yield _case("linear-tall", "takes more outputs than inputs", _linear(draw, 2, 6))
    yield _case("softmax-plain", "gives probabilities and their gradient", _vector(draw, 6))
    yield _case("softmax-two", "differentiates through the denominator", _vector(draw, 2))
    yield _case("softmax-one", "gives 1 for a single logit, with gradient 0", _of([0.7], [2.0]))
    equal = _of([3.0] * 4, [1.0, 0.0, 0.0, -2.0])
    yield _case("softmax-equal", "gives equal logits equal shares", equal)
    large = _of([0.0, -1000.0, 1000.0, 999.0], [1.0, -1.0, 0.5, 2.0])
    yield _case("softmax-overflow", "subtracts the maximum: exp(1000) is never taken", large)
    small = _of([-801.0, -800.0, -800.5], [1.0, -1.0, 0.5])
    yield _case("softmax-underflow", "subtracts the maximum where all logits are negative", small)
    yield _case("rmsnorm-plain", "divides by the root mean square", _vector(draw, 16))
    yield _case("rmsnorm-small", "adds 1e-5 under the root", _vector(draw, 8, std=1e-3))
    zeros = _of([0.0] * 4, [1.0, 2.0, -1.0, 0.5])
    yield _case("rmsnorm-zeros", "gives 0 for 0, with a finite gradient", zeros)
    yield _case("rmsnorm-one", "normalises a single number", _of([-2.0], [1.0]))
    yield _case("attention-one-head", "attends with one head", _attention(draw, 1, 4, 3))
    four_heads = _attention(draw, 4, 4, 5)
    yield _case("attention-four-heads", "gives each head its slice of the vectors", four_heads)
    first = _attention(draw, 2, 4, 1)
    yield _case("attention-first-position", "attends to itself alone at the start", first)
    between = {"relu": "cuts at 0", "squared_relu": "squares what is above 0"}.get(
        activation, f"applies {activation}"
    )
    yield _case("mlp-plain", f"multiplies, {between}, multiplies", _mlp(draw, 4), activation)
    yield _case(
        "mlp-all-negative", "is right where all units are below 0", _negative(draw), activation
    )
    yield _case("mlp-exactly-zero", "is right where a unit is exactly 0", _at_zero(), activation)
    yield _case("cross-entropy-plain", "gives -log(softmax) and its gradient", _loss(draw, 27, 4))
    yield _case("cross-entropy-sure", "is exact where the target is nearly certain", _certain())


def _fresh(draw: Draw, activation: str) -> Iterator[Case]:
    size = draw.generator.randint
    about = "is right for numbers drawn anew"
    yield _case("linear-fresh", about, _linear(draw, size(2, 9), size(2, 9)))
    yield _case("softmax-fresh", about, _vector(draw, size(3, 12)))
    yield _case("rmsnorm-fresh", about, _vector(draw, size(3, 12)))
    yield _case("attention-fresh", about, _attention(draw, size(1, 4), 4, size(2, 9)))
    yield _case("mlp-fresh", about, _mlp(draw, size(2, 5)), activation)
    yield _case("cross-entropy-fresh", about, _loss(draw, 27, size(0, 26)))


def _case(name: str, about: str, params: Message, activation: str = "relu") -> Case:
    if activation != "relu":
        params = structs.replace(params, activation=activation)
    method = next(method for method in LAYERS if name.startswith(method.replace("_", "-")))
    return function_case(f"layers/{name}", about, method, params)


def _linear(draw: Draw, nin: int, nout: int) -> LinearParams:
    return LinearParams(x=draw.vector(nin), w=draw.matrix(nout, nin), output_grad=draw.vector(nout))


def _vector(draw: Draw, size: int, std: float = 1.0) -> VectorParams:
    return VectorParams(x=draw.vector(size, std), output_grad=draw.vector(size))


def _of(x: Vector, output_grad: Vector) -> VectorParams:
    return VectorParams(x=x, output_grad=output_grad)


def _attention(draw: Draw, n_head: int, head_dim: int, positions: int) -> AttentionParams:
    width = n_head * head_dim
    return AttentionParams(
        q=draw.vector(width),
        k=draw.matrix(positions, width),
        v=draw.matrix(positions, width),
        n_head=n_head,
        output_grad=draw.vector(width),
    )


def _mlp(draw: Draw, width: int) -> MlpParams:
    return MlpParams(
        x=draw.vector(width),
        fc1=draw.matrix(4 * width, width),
        fc2=draw.matrix(width, 4 * width),
        output_grad=draw.vector(width),
    )


def _negative(draw: Draw) -> MlpParams:
    return MlpParams(
        x=[1.0, 2.0], fc1=[[-0.5, -0.25]] * 8, fc2=draw.matrix(2, 8), output_grad=draw.vector(2)
    )


def _at_zero() -> MlpParams:
    """An MLP whose first two units are exactly 0, by zero weights and by terms that cancel."""
    return MlpParams(
        x=[1.0, 2.0],
        fc1=[[0.0, 0.0], [2.0, -1.0], [0.5, 0.5], [-1.0, 0.25]],
        fc2=[[0.3, -0.2, 0.7, 0.1], [1.1, 0.4, -0.6, 0.9]],
        output_grad=[1.0, -0.5],
    )


def _loss(draw: Draw, size: int, target: int) -> CrossEntropyParams:
    return CrossEntropyParams(logits=draw.vector(size), target=target)


def _certain() -> CrossEntropyParams:
    return CrossEntropyParams(logits=[0.0, 8.0, -1.0], target=1)
