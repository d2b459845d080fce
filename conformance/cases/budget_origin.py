"""Where a case's budgets come from: exact values, their enclosures, the spread, the factor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.anatomy.nested_numbers import flat, index_of, pointer_of
from conformance.judging.compare import budgets_of
from conformance.oracle.answer import Numbers, Refusal
from golden.budgets import (
    ROUNDING_SHARE,
    SPREAD_FACTOR,
    TENSOR_SHARE,
    UNIT_ROUNDOFF,
    Precision,
)
from golden.spread import Spread
from ports_adapter.messages import METHODS, PROTOCOL_VERSION, InitializeResult
from reference.activation import ACTIVATIONS
from reference.profiles import PROFILES

from .case import Case


class NoSuchPlace(Exception):
    """A JSON Pointer that a case's answer has nothing at; the message says what it has."""


@dataclass(frozen=True, slots=True)
class PartBudget:
    """The budget of one element, which of a whole part is the one with the largest budget.

    `truth` is the exact value and `radius` how far at most it may be from that; `sigma` the
    element's root mean square error over `replicas`, `tensor_sigma` that of its whole tensor.
    These are None where the budget follows from a rule.
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
    """A port that offers everything."""
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
    """The budgets of all computed parts of a case's answer, or of the element at a place.

    Raises:
        NoSuchPlace: the answer has no number there.
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
    raise NoSuchPlace(
        f"{case.slug} has no number at {place!r}; it has numbers at {', '.join(numbers) or 'none'}"
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


def sentences(part: PartBudget, precision: Precision) -> Iterator[str]:
    """An element's budget in words."""
    yield part.pointer
    yield f"  expected  {part.expected!r}"
    if part.budget == 0:
        yield "  budget    0: this number is exact"
        return
    if part.truth is None:
        yield f"  budget    {part.budget:.3g}, by a rule (golden/budgets.py)"
        return
    rounding = ROUNDING_SHARE * UNIT_ROUNDOFF[precision] * abs(part.truth)
    whole = TENSOR_SHARE * (part.tensor_sigma or 0.0)
    shares = {"its spread": part.sigma or 0.0, "its rounding": rounding, "its tensor": whole}
    decisive = max(shares, key=lambda name: shares[name])
    yield f"  truth     {part.truth!r}, known to {part.radius:.2g}"
    yield f"  spread    {part.sigma:.3g} (root mean square error of {part.replicas} replicas)"
    yield f"  rounding  {rounding:.3g} = {ROUNDING_SHARE} u |truth|"
    yield f"  tensor    {whole:.3g} = {TENSOR_SHARE} of the spread of its {part.values} numbers"
    yield f"  budget    {part.budget:.3g} = {SPREAD_FACTOR} times {decisive}"


def summary(parts: list[PartBudget]) -> Iterator[str]:
    """A line for each part: its largest budget, and what that is made of."""
    yield f"{'part':44}{'numbers':>8}{'budget':>10}{'spread':>10}{'enclosure':>11}"
    for part in parts:
        spread = "" if part.sigma is None else f"{part.sigma:.2g}"
        radius = "" if part.radius is None else f"{part.radius:.1g}"
        yield f"{part.pointer:44}{part.values:8}{part.budget:10.2g}{spread:>10}{radius:>11}"
