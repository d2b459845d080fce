"""Mistakes in the softmax."""

import math

import reference.model
from conformance.anatomy.levels import Level
from reference.model import Vector
from reference.tape.symbols import Symbol
from reference.value import Value

from ..mistake import Patch, mistake_at
from ..parts import detached, softmax_with
from ..patch_of_function import in_place_of

mistake = mistake_at(Level.LAYERS)


@mistake(
    "The softmax's denominator is treated as a constant in the backward pass",
    what="dL/dx is p * g instead of p * (g - sum(p * g)).",
    why="The sum becomes a plain number, or the derivative is taken element by element.",
    mend="Keep the sum in the graph. By hand: dL/dx = p * (g - sum(p * g)).",
    languages=("any", "written by hand"),
)
def softmax_denominator_detached() -> Patch:
    return {"softmax": softmax_with(lambda exps: detached(reference.model.total(exps)))}


@mistake(
    "The softmax does not divide by the sum",
    what="The result is exp(x - max(x)) instead of exp(x - max(x)) / sum(exp(x - max(x))).",
    why="The division was forgotten.",
    mend="Divide every exponential by the sum of all exponentials.",
)
def softmax_not_normalised() -> Patch:
    return {"softmax": softmax_with(lambda exps: exps[0] * 0 + 1)}


@mistake(
    "The softmax adds 1e-8 to its sum",
    what="The denominator is sum(exp(x - max(x))) + 1e-8, so probabilities sum to slightly less "
    "than 1.",
    why="It is meant to prevent a division by 0, which cannot happen: the largest term is 1.",
    mend="Divide by the sum without an epsilon.",
    only_in_double=True,
)
def softmax_sum_plus_epsilon() -> Patch:
    return {"softmax": softmax_with(lambda exps: reference.model.total(exps) + 1e-8)}


@mistake(
    "The softmax does not subtract the largest logit",
    what="The results are right until exp(x) overflows; then they are NaN.",
    why="It is the textbook's formula.",
    mend="Subtract the largest logit from all logits before exp.",
    twins={
        "softmax-maximum-starts-at-zero": "Use large positive logits (case "
        "layers/softmax-overflow): it passes if a maximum is subtracted, though never one below 0.",
    },
)
def softmax_maximum_not_subtracted() -> Patch:
    return {"softmax": lambda logits: _shares([_exp(logit) for logit in logits])}


@mistake(
    "The search for the largest logit starts at 0",
    what="When all logits are negative, 0 is subtracted; when all are far below 0, the result is "
    "NaN.",
    why="The maximum is initialized to 0, or to the smallest positive number (`Double.MIN_VALUE`, "
    "`FLT_MIN`).",
    mend="Initialize the maximum to the first logit or to minus infinity.",
    languages=("Java", "C", "C++", "JavaScript"),
)
@in_place_of("softmax")
def softmax_maximum_starts_at_zero(logits: Vector) -> Vector:
    highest = reference.model.maximum(logits)
    if not isinstance(highest, Symbol):
        highest = max(0.0, float(highest))  # type: ignore[arg-type]
    return _shares([_exp(logit - highest) for logit in logits])


def _exp(logit: Value) -> Value:
    """`exp(logit)`, and infinity where Python raises an error."""
    if isinstance(logit, Symbol) or logit.data < math.log(1.7e308):
        return logit.exp()
    return Value(math.inf, (logit,), (math.inf,))


def _shares(exps: Vector) -> Vector:
    """Each number divided by their sum, and NaN if that is 0."""
    below = reference.model.total(exps)
    if isinstance(below, Symbol) or below.data:
        return [e / below for e in exps]
    return [Value(math.nan, (e,), (math.nan,)) for e in exps]
