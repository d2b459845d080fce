"""Mistakes that real ports make, each as a patch to the canonical program."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import reference.adam
import reference.model
import reference.training
import reference.value
from conformance import oracle
from reference.adam import State, zeros_like
from reference.config import Config
from reference.model import Vector, Weights, total
from reference.value import Value, topological_order

MISTAKES: dict[str, Callable[[], None]] = {}


def mistake(patch: Callable[[], None]) -> Callable[[], None]:
    MISTAKES[patch.__name__.replace("_", "-")] = patch
    return patch


def use(name: str, function: Any) -> None:
    """Put `function` in place of the program's own, wherever that is used."""
    import conformance.cases.training as cases
    import conformance.graphs as graphs

    for module in (
        reference.value, reference.model, reference.training, reference.adam, oracle, graphs, cases,
    ):  # fmt: skip
        if hasattr(module, name):
            setattr(module, name, function)


def softmax_with(denominator: Callable[[Vector], Value]) -> Callable[[Vector], Vector]:
    def softmax(logits: Vector) -> Vector:
        highest = reference.model.maximum(logits)
        exps = [(logit - highest).exp() for logit in logits]
        below = denominator(exps)
        return [e / below for e in exps]

    return softmax


def rmsnorm_with(scale_of: Callable[[Value], Value]) -> Callable[[Vector], Vector]:
    def rmsnorm(x: Vector) -> Vector:
        scale = scale_of(total([xi * xi for xi in x]) / len(x))
        return [xi * scale for xi in x]

    return rmsnorm


def adam_with(update: Callable[[float, float, int, Config], float]) -> Any:
    """Adam whose update is a function of m, v, step and configuration."""

    def adam(state: State, grads: Weights, config: Config) -> State:
        weights, m, v = zeros_like(grads), zeros_like(grads), zeros_like(grads)
        for name, rows in grads.items():
            for i, row in enumerate(rows):
                for j, g in enumerate(row):
                    mi = config.beta1 * state.m[name][i][j] + (1 - config.beta1) * g
                    vi = config.beta2 * state.v[name][i][j] + (1 - config.beta2) * g**2
                    rate = config.learning_rate_at(state.step)
                    moved = rate * update(mi, vi, state.step, config)
                    weights[name][i][j] = state.weights[name][i][j] - moved
                    m[name][i][j], v[name][i][j] = mi, vi
        return State(state.step + 1, weights, m, v)

    return adam


@mistake
def softmax_denominator_detached() -> None:
    use("softmax", softmax_with(lambda exps: Value(total(exps).data)))


@mistake
def rms_scale_detached() -> None:
    use("rmsnorm", rmsnorm_with(lambda mean: Value((mean + 1e-5).data ** -0.5)))


@mistake
def rms_epsilon_1e_6() -> None:
    use("rmsnorm", rmsnorm_with(lambda mean: (mean + 1e-6) ** -0.5))


@mistake
def rms_epsilon_almost_0() -> None:
    use("rmsnorm", rmsnorm_with(lambda mean: (mean + 1e-12) ** -0.5))


@mistake
def transposed_linear_when_square() -> None:
    right = reference.model.linear

    def linear(x: Vector, w: list[Vector]) -> Vector:
        if len(w) == len(x):
            return right(x, [list(column) for column in zip(*w, strict=True)])
        return right(x, w)

    use("linear", linear)


@mistake
def attention_scale_missing() -> None:
    right = reference.model.attention

    def attention(q: Vector, keys: Any, values: Any, config: Config, *rest: Any) -> Vector:
        return right([qi * config.head_dim**0.5 for qi in q], keys, values, config, *rest)

    use("attention", attention)


@mistake
def cached_keys_detached() -> None:
    right = reference.model.attention

    def attention(q: Vector, keys: Any, values: Any, config: Config, *rest: Any) -> Vector:
        old = [[Value(node.data) for node in key] for key in keys[:-1]]
        return right(q, [*old, keys[-1]], values, config, *rest)

    use("attention", attention)


@mistake
def loss_of_log_p_plus_epsilon() -> None:
    def cross_entropy(logits: Vector, target: int) -> Value:
        return -(reference.model.softmax(logits)[target] + 1e-8).log()

    use("cross_entropy", cross_entropy)


@mistake
def relu_gradient_always_1() -> None:
    Value.relu = lambda self: Value(max(0.0, self.data), (self,), (1.0,))  # type: ignore[method-assign]


@mistake
def assigns_gradients() -> None:
    def backward(self: Value) -> None:
        self.grad = 1.0
        for node in reversed(topological_order(self)):
            for child, local in zip(node.children, node.local_grads, strict=True):
                child.grad = local * node.grad

    Value.backward = backward  # type: ignore[method-assign]


@mistake
def sorts_recursively() -> None:
    def topological_order(root: Value) -> list[Value]:
        order: list[Value] = []
        seen: set[int] = set()

        def visit(node: Value) -> None:
            if id(node) not in seen:
                seen.add(id(node))
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(root)
        return order

    use("topological_order", topological_order)


@mistake
def product_gradients_swapped() -> None:
    def multiply(self: Value, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (self.data, other.data))

    Value.__mul__ = multiply  # type: ignore[method-assign]


@mistake
def loss_summed_not_averaged() -> None:
    def summed(terms: Vector) -> Value:
        return total(terms) * len(terms)

    setattr(reference.training, "total", summed)  # noqa: B010 (the loss alone, not `linear`)


@mistake
def bias_correction_missing() -> None:
    use("adam", adam_with(lambda m, v, _step, c: m / (math.sqrt(v) + c.eps_adam)))


@mistake
def epsilon_inside_the_root() -> None:
    def update(m: float, v: float, step: int, c: Config) -> float:
        m_hat, v_hat = m / (1 - c.beta1 ** (step + 1)), v / (1 - c.beta2 ** (step + 1))
        return m_hat / math.sqrt(v_hat + c.eps_adam)

    use("adam", adam_with(update))


@mistake
def adam_step_not_plus_1() -> None:
    def update(m: float, v: float, step: int, c: Config) -> float:
        t = max(step, 1)
        m_hat, v_hat = m / (1 - c.beta1**t), v / (1 - c.beta2**t)
        return m_hat / (math.sqrt(v_hat) + c.eps_adam)

    use("adam", adam_with(update))


@mistake
def constant_learning_rate() -> None:
    def constant(self: Config, step: int) -> float:
        return self.learning_rate

    Config.learning_rate_at = constant  # type: ignore[method-assign]


@mistake
def gauss_cache_dropped() -> None:
    import random

    right = random.Random.gauss

    def gauss(self: random.Random, mu: float = 0.0, sigma: float = 1.0) -> float:
        self.__dict__["gauss_next"] = None
        return right(self, mu, sigma)

    random.Random.gauss = gauss  # type: ignore[method-assign]


@mistake
def bytes_for_characters() -> None:
    def encode(text: str) -> list[str]:
        return [line.encode().decode("latin-1") for line in text.split("\n") if line.strip()]

    use("documents_of", lambda text: tuple(encode(text)))


@mistake
def state_kept_in_float32() -> None:
    import struct

    right = reference.adam.adam

    def rounded(weights: Weights) -> Weights:
        return {
            name: [[struct.unpack("f", struct.pack("f", x))[0] for x in row] for row in rows]
            for name, rows in weights.items()
        }

    def adam(state: State, grads: Weights, config: Config) -> State:
        new = right(state, grads, config)
        return State(new.step, rounded(new.weights), rounded(new.m), rounded(new.v))

    use("adam", adam)
