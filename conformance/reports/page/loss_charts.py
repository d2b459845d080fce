"""The loss curves as data for the page."""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct

from conformance.explanation.diagnosis import LossCurves
from golden.trace import Number, number

from .heat_maps import plain_numbers
from .visible_text import visible


class Curve(Struct, frozen=True):
    """Losses from step `first` on, counted from 1, the envelope around them, and how far apart.

    `apart` is in budgets.
    """

    case: str
    first: int
    reference: list[Number]
    lower: list[Number]
    upper: list[Number]
    port: list[Number]
    apart: list[Number]


def curves_of(found: Iterable[LossCurves]) -> list[Curve]:
    """The curves of a diagnosis, as far as reference, budgets and port go alike."""
    return [_curve(losses) for losses in found]


def _curve(losses: LossCurves) -> Curve:
    both = list(zip(losses.reference, losses.budgets, strict=False))
    return Curve(
        visible(losses.case),
        losses.first + 1,
        plain_numbers(losses.reference),
        [number(float(loss) - float(budget)) for loss, budget in both],
        [number(float(loss) + float(budget)) for loss, budget in both],
        plain_numbers(losses.port),
        [
            number(_apart(float(loss), float(budget), float(port)))
            for (loss, budget), port in zip(both, losses.port, strict=False)
        ],
    )


def _apart(reference: float, budget: float, port: float) -> float:
    if reference == port or (math.isnan(reference) and math.isnan(port)):
        return 0.0
    difference = abs(port - reference)
    if not math.isfinite(difference):
        return math.inf
    return difference / budget if budget > 0 else math.inf
