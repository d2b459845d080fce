"""Honest variants of the program: the same mathematics with other rounding errors, no mistakes.

The suite must pass every one of them.
"""

import math
import operator
from collections.abc import Callable, Sequence
from functools import reduce

import reference.adam
import reference.model
from reference.config import Config
from reference.model import Vector, Weights
from reference.state import State
from reference.tape.symbols import Symbol
from reference.value import Value

from .mistake import Patch
from .parts import elementwise
from .patch_of_function import around, in_place_of
from .seams.training import adam_with

VARIANTS: dict[str, Callable[[], Patch]] = {}
"""Functions that give the variants' patches, by name."""


def variant(patch: Callable[[], Patch]) -> Callable[[], Patch]:
    """Enter a function that gives a patch into `VARIANTS` under its own name."""
    VARIANTS[patch.__name__.replace("_", "-")] = patch
    return patch


def _largest(values: Vector) -> Value:
    """The largest value as a node that gradients flow through."""
    if isinstance(values[0], Symbol):
        return Symbol.live_maximum(values)
    return max(values, key=lambda value: value.data)


def _plain_sum(terms: Sequence[Value]) -> Value:
    return reduce(operator.add, terms)


def _sums(total: Callable[[Sequence[Value]], Value]) -> Patch:
    """Another sum, also within every dot product."""
    return {
        "total": total,
        "dot": lambda ws, xs: total([w * x for w, x in zip(ws, xs, strict=True)]),
    }


@variant
def sums_from_the_end() -> Patch:
    return _sums(lambda terms: _plain_sum(terms[::-1]))


@variant
def sums_in_pairs() -> Patch:
    def total(terms: Sequence[Value]) -> Value:
        if len(terms) < 3:
            return _plain_sum(terms)
        half = len(terms) // 2
        return total(terms[:half]) + total(terms[half:])

    return _sums(total)


@variant
@in_place_of("softmax")
def gradient_through_the_maximum(logits: Vector) -> Vector:
    highest = _largest(logits)
    exps = [(logit - highest).exp() for logit in logits]
    below = reference.model.total(exps)
    return [e / below for e in exps]


@variant
@in_place_of("softmax")
def softmax_by_one_reciprocal(logits: Vector) -> Vector:
    highest = reference.model.maximum(logits)
    exps = [(logit - highest).exp() for logit in logits]
    reciprocal = reference.model.total(exps) ** -1
    return [e * reciprocal for e in exps]


@variant
@in_place_of("cross_entropy")
def log_sum_exp(logits: Vector, target: int) -> Value:
    highest = reference.model.maximum(logits)
    below = reference.model.total([(logit - highest).exp() for logit in logits])
    return below.log() + highest - reference.model.pick(logits, target)


@variant
@in_place_of("rmsnorm")
def division_by_the_root(x: Vector) -> Vector:
    mean = reference.model.total([xi * xi for xi in x]) / len(x)
    root = (mean + 1e-5) ** 0.5
    return [xi / root for xi in x]


@variant
def other_libm() -> Patch:
    def nudged(x: float) -> float:
        # Results of 0 stay: every library's exponential underflows to exactly 0.
        return math.nextafter(x, math.inf) if x and hash(x) % 3 == 0 else x

    return {
        "Value.exp": lambda self: Value(
            nudged(math.exp(self.data)), (self,), (nudged(math.exp(self.data)),)
        ),
        "Value.log": lambda self: Value(nudged(math.log(self.data)), (self,), (1 / self.data,)),
    }


def _halves(x: float) -> tuple[float, float]:
    """The upper and the lower half of a float's digits (Dekker 1971)."""
    split = 134217729 * x
    high = split - (split - x)
    return high, x - high


@variant
def every_inexact_product_and_sum_rounded_otherwise() -> Patch:
    """Round inexact results the other way, as fused multiply-adds may; keep exact results."""
    original_add, original_multiply = Value.__add__, Value.__mul__

    def other_way(node: Value, error: float) -> Value:
        if error and hash(node.data) % 2:
            node.data = math.nextafter(node.data, math.copysign(math.inf, error))
        return node

    def add(self: Value, other: Value | float) -> Value:
        node = original_add(self, other)
        a, b = (child.data for child in node.children)
        rest = node.data - a
        return other_way(node, (a - (node.data - rest)) + (b - rest))

    def multiply(self: Value, other: Value | float) -> Value:
        node = original_multiply(self, other)
        (a, a_low), (b, b_low) = (_halves(child.data) for child in node.children)
        error = ((a * b - node.data) + a * b_low + a_low * b) + a_low * b_low
        return other_way(node, error)

    return {"Value.__add__": add, "Value.__mul__": multiply}


@variant
def adam_with_roots_and_products() -> Patch:
    def update(rate: float, m: float, v: float, by: tuple[float, float], config: Config) -> float:
        m_hat = m / by[0]
        return rate * (m_hat * (1 / (math.sqrt(v * (1 / by[1])) + config.eps_adam)))

    def correction1(step: int, config: Config) -> float:
        return 1 - math.pow(config.beta1, step + 1)

    return adam_with(update=update, correction1=correction1)


@variant
@around("adam")
def adam_as_a_running_difference(
    original: Callable[..., State], state: State, grads: Weights, config: Config
) -> State:
    """Moments as `m += (1 - beta) * (g - m)`."""
    new = original(state, grads, config)
    m = elementwise(lambda mi, g: mi + (1 - config.beta1) * (g - mi), state.m, grads)
    return State(new.step, new.weights, m, new.v)


@variant
@in_place_of("softmax")
def softmax_of_log_sum_exp(logits: Vector) -> Vector:
    highest = reference.model.maximum(logits)
    exps = [(logit - highest).exp() for logit in logits]
    log_sum = reference.model.total(exps).log() + highest
    return [(logit - log_sum).exp() for logit in logits]
