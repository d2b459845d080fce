"""Explains the budgets of a case: the exact values, their enclosures, the spread, the factor."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.anatomy.nested_numbers import flat, index_of, pointer_of
from conformance.judging.compare import budgets_of
from conformance.judging.outcome import ExitCode
from conformance.oracle.answer import Numbers, Refusal
from golden.budgets import Precision
from golden.spread import Spread
from ports_adapter.messages import METHODS, PROTOCOL_VERSION, InitializeResult
from reference.activation import ACTIVATIONS
from reference.profiles import PROFILES

from .case import Case
from .request import Unusable


@dataclass(frozen=True, slots=True)
class PartBudget:
    """The budget of one element; a whole part is shown by the element with the largest budget.

    Attributes:
        pointer: the JSON Pointer of the element.
        values: the number of elements of its part.
        expected: the right value.
        budget: the absolute error allowed.
        truth: the exact value; None if the budget follows from a rule, as for the rest.
        radius: the error of `truth` itself, at most.
        sigma: the root mean square error of the element over `replicas`.
        tensor_sigma: that of its whole tensor.
        replicas: how many there were.
    """

    pointer: str
    values: int
    expected: float
    budget: float
    truth: float | None = None
    radius: float | None = None
    sigma: float | None = None
    tensor_sigma: float | None = None
    replicas: int | None = None


def offer_of(precision: Precision) -> InitializeResult:
    """The offer of a port that offers everything."""
    return InitializeResult(
        protocol_version=PROTOCOL_VERSION,
        name="any",
        language="any",
        precision=precision,
        methods=list(METHODS),
        profiles=list(PROFILES),
        other_sizes=True,
        activations=list(ACTIVATIONS),
        intermediates=True,
        full_record=True,
    )


def explain(case: Case, precision: Precision, place: str = "") -> list[PartBudget]:
    """The budgets of all computed parts of a case's answer, or of the element at one place.

    Raises:
        Unusable: the answer has no number there.
    """
    answer = case.answer(offer_of(precision))
    parts = {} if isinstance(answer, Refusal) else answer
    numbers = {pointer: part for pointer, part in parts.items() if isinstance(part, Numbers)}
    spread = case.spread(precision) if case.spread else None
    if not place:
        return [_largest(pointer, part, spread) for pointer, part in numbers.items()]
    for pointer, part in numbers.items():
        if place == pointer or place.startswith(pointer + "/"):
            index = index_of(part.value, place.removeprefix(pointer))
            if index is not None:
                return [_element(pointer, part, index, spread)]
    raise Unusable(
        f"{case.slug} has no number at {place!r}; it has numbers at {', '.join(numbers) or 'none'}",
        ExitCode.USAGE,
    )


def _largest(pointer: str, part: Numbers, spread: Spread | None) -> PartBudget:
    budgets = budgets_of(part, flat(part.value))
    return _element(pointer, part, int(np.argmax(budgets)) if budgets.size else 0, spread)


def _element(pointer: str, part: Numbers, index: int, spread: Spread | None) -> PartBudget:
    values = flat(part.value)
    measured: dict[str, Any] = {}
    if spread is not None and pointer in spread.sigma:
        truth, sigma = spread.truth[pointer], spread.sigma[pointer]
        measured = {
            "truth": float(truth.high[index]),
            "radius": float(truth.radius[index]),
            "sigma": float(sigma[index]),
            "tensor_sigma": float(np.sqrt(np.mean(sigma**2))),
            "replicas": spread.replicas,
        }
    return PartBudget(
        pointer=pointer + pointer_of(part.value, index),
        values=int(values.size),
        expected=float(values[index]),
        budget=float(budgets_of(part, values)[index]),
        **measured,
    )
