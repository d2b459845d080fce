"""Mistakes in the softmax."""

from __future__ import annotations

import math

import reference.model
from conformance.anatomy.levels import Level
from reference.model import Vector
from reference.tape.symbols import Symbol
from reference.value import Value

from ..mistake import Patch, mistake
from ..parts import detached, softmax_with


@mistake(
    "The softmax's denominator is a constant to the gradient",
    what="Each probability's gradient reaches its own logit alone.",
    why="The sum is taken as a plain number, or the derivative is done element by element.",
    mend="Keep the sum a node of the graph; by hand, subtract p * sum(g * p) from every gradient.",
    level=Level.LAYERS,
    languages=("any", "written by hand"),
)
def softmax_denominator_detached() -> Patch:
    return {"softmax": softmax_with(lambda exps: detached(reference.model.total(exps)))}


@mistake(
    "The softmax is not divided by its sum",
    what="Exponentials are used for probabilities.",
    why="The division was forgotten.",
    mend="Divide every exponential by the sum of all.",
    level=Level.LAYERS,
    languages=("any",),
)
def softmax_not_normalised() -> Patch:
    return {"softmax": softmax_with(lambda exps: exps[0] * 0 + 1)}


@mistake(
    "The softmax's sum has 1e-8 added",
    what="Probabilities add up to a little less than 1.",
    why="It is meant to keep the division from 0, which cannot happen: the largest term is 1.",
    mend="Divide by the sum as it is.",
    level=Level.LAYERS,
    languages=("any",),
    only_in_double=True,
)
def softmax_sum_plus_epsilon() -> Patch:
    return {"softmax": softmax_with(lambda exps: reference.model.total(exps) + 1e-8)}


@mistake(
    "The softmax does not subtract the largest logit",
    what="Nothing, until a logit is beyond what exp can take: then NaN.",
    why="It is the textbook's formula.",
    mend="Subtract the largest logit from all before taking exp.",
    level=Level.LAYERS,
    languages=("any",),
    twins={
        "softmax-maximum-starts-at-zero": "Ask for the softmax of large positive logits (case "
        "layers/softmax-overflow): it is right if the maximum is subtracted, though never below 0.",
    },
)
def softmax_maximum_not_subtracted() -> Patch:
    def softmax(logits: Vector) -> Vector:
        return _shares([_exp(logit) for logit in logits])

    return {"softmax": softmax}


@mistake(
    "The largest logit is looked for from 0 on",
    what="Where all logits are negative, 0 is subtracted; far below 0 the result is NaN.",
    why="The maximum starts at 0, or at the smallest positive number (`Double.MIN_VALUE`, "
    "`FLT_MIN`).",
    mend="Start from the first logit, or from minus infinity.",
    level=Level.LAYERS,
    languages=("Java", "C", "C++", "JavaScript"),
)
def softmax_maximum_starts_at_zero() -> Patch:
    def softmax(logits: Vector) -> Vector:
        highest = reference.model.maximum(logits)
        if not isinstance(highest, Symbol):
            highest = max(0.0, float(highest))  # type: ignore[arg-type]
        return _shares([_exp(logit - highest) for logit in logits])

    return {"softmax": softmax}


def _exp(logit: Value) -> Value:
    """Its exponential; infinity where Python has none."""
    if isinstance(logit, Symbol) or logit.data < math.log(1.7e308):
        return logit.exp()
    return Value(math.inf, (logit,), (math.inf,))


def _shares(exps: Vector) -> Vector:
    """Their shares of the total; NaN where that is 0."""
    below = reference.model.total(exps)
    if isinstance(below, Symbol) or below.data:
        return [e / below for e in exps]
    return [Value(math.nan, (e,), (math.nan,)) for e in exps]
