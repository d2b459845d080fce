"""Honest variants of the program: other roundings of the same mathematics, none a mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import reference.model
from reference.adam import State
from reference.config import Config
from reference.model import Vector, Weights
from reference.tape.symbols import Symbol
from reference.value import Value

from .mistakes import adam_with, use

VARIANTS: dict[str, Callable[[], None]] = {}


def variant(patch: Callable[[], None]) -> Callable[[], None]:
    VARIANTS[patch.__name__.replace("_", "-")] = patch
    return patch


def largest(values: Vector) -> Value:
    """The largest value as it is, for gradients to flow through."""
    if isinstance(values[0], Symbol):
        return Symbol.live_maximum(values)
    return max(values, key=lambda value: value.data)


def plain_sum(terms: Sequence[Value]) -> Value:
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def use_sum(total: Callable[[Sequence[Value]], Value]) -> None:
    """Put `total` in place of every sum and in every dot product."""
    use("total", total)
    use("dot", lambda ws, xs: total([w * x for w, x in zip(ws, xs, strict=True)]))


@variant
def sums_from_the_end() -> None:
    use_sum(lambda terms: plain_sum(terms[::-1]))


@variant
def sums_in_pairs() -> None:
    def total(terms: Sequence[Value]) -> Value:
        if len(terms) < 3:
            return plain_sum(terms)
        half = len(terms) // 2
        return total(terms[:half]) + total(terms[half:])

    use_sum(total)


@variant
def gradient_through_the_maximum() -> None:
    def softmax(logits: Vector) -> Vector:
        highest = largest(logits)
        exps = [(logit - highest).exp() for logit in logits]
        below = reference.model.total(exps)
        return [e / below for e in exps]

    use("softmax", softmax)


@variant
def softmax_by_one_reciprocal() -> None:
    def softmax(logits: Vector) -> Vector:
        highest = reference.model.maximum(logits)
        exps = [(logit - highest).exp() for logit in logits]
        reciprocal = reference.model.total(exps) ** -1
        return [e * reciprocal for e in exps]

    use("softmax", softmax)


@variant
def log_sum_exp() -> None:
    def cross_entropy(logits: Vector, target: int) -> Value:
        highest = reference.model.maximum(logits)
        below = reference.model.total([(logit - highest).exp() for logit in logits])
        return below.log() + highest - reference.model.pick(logits, target)

    use("cross_entropy", cross_entropy)


@variant
def division_by_the_root() -> None:
    def rmsnorm(x: Vector) -> Vector:
        mean = reference.model.total([xi * xi for xi in x]) / len(x)
        root = (mean + 1e-5) ** 0.5
        return [xi / root for xi in x]

    use("rmsnorm", rmsnorm)


@variant
def other_libm() -> None:
    def nudged(x: float) -> float:
        return math.nextafter(x, math.inf) if hash(x) % 3 == 0 else x

    Value.exp = lambda self: Value(  # type: ignore[method-assign]
        nudged(math.exp(self.data)), (self,), (nudged(math.exp(self.data)),)
    )
    Value.log = lambda self: Value(  # type: ignore[method-assign]
        nudged(math.log(self.data)), (self,), (1 / self.data,)
    )


def halves(x: float) -> tuple[float, float]:
    """The upper and the lower half of a float's digits (Dekker 1971)."""
    split = 134217729 * x
    high = split - (split - x)
    return high, x - high


@variant
def every_inexact_product_and_sum_rounded_otherwise() -> None:
    """As where products are fused with sums; what is exact stays so."""
    right_add, right_multiply = Value.__add__, Value.__mul__

    def elsewhere(node: Value, error: float) -> Value:
        if error and hash(node.data) % 2:
            node.data = math.nextafter(node.data, math.copysign(math.inf, error))
        return node

    def add(self: Value, other: Value | float) -> Value:
        node = right_add(self, other)
        a, b = (child.data for child in node.children)
        rest = node.data - a
        return elsewhere(node, (a - (node.data - rest)) + (b - rest))

    def multiply(self: Value, other: Value | float) -> Value:
        node = right_multiply(self, other)
        (a, a_low), (b, b_low) = (halves(child.data) for child in node.children)
        error = ((a * b - node.data) + a * b_low + a_low * b) + a_low * b_low
        return elsewhere(node, error)

    Value.__add__ = add  # type: ignore[method-assign]
    Value.__mul__ = multiply  # type: ignore[method-assign]


@variant
def adam_with_roots_and_products() -> None:
    def update(m: float, v: float, step: int, c: Config) -> float:
        m_hat = m / (1 - math.pow(c.beta1, step + 1))
        return m_hat * (1 / (math.sqrt(v * (1 / (1 - c.beta2 ** (step + 1)))) + c.eps_adam))

    use("adam", adam_with(update))


@variant
def adam_as_a_running_difference() -> None:
    """Moments as `m += (1 - beta) * (g - m)`."""
    right = reference.adam.adam

    def adam(state: State, grads: Weights, config: Config) -> State:
        new = right(state, grads, config)
        m = {
            name: [
                [mi + (1 - config.beta1) * (g - mi) for mi, g in zip(ms, gs, strict=True)]
                for ms, gs in zip(rows, grads[name], strict=True)
            ]
            for name, rows in state.m.items()
        }
        return State(new.step, new.weights, m, new.v)

    use("adam", adam)


@variant
def softmax_of_log_sum_exp() -> None:
    def softmax(logits: Vector) -> Vector:
        highest = reference.model.maximum(logits)
        exps = [(logit - highest).exp() for logit in logits]
        log_sum = reference.model.total(exps).log() + highest
        return [(logit - log_sum).exp() for logit in logits]

    use("softmax", softmax)
