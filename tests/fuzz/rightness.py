"""Whether an answer is right, decided from its JSON alone and without the judge."""

import math
from collections.abc import Iterator
from enum import Enum
from typing import Any

import numpy as np

from conformance.oracle.answer import Answer, Exact, Numbers

NOWHERE = object()
NOT_FINITE = ("NaN", "Infinity", "-Infinity")
LARGEST = 1 << 1023
CLEARLY = 1e-9
"""How far from its budget, of it, an error must be to count as within or beyond it."""


class Rightness(Enum):
    """What an answer is; on the edge of a budget it may be judged either way."""

    RIGHT = "right"
    ON_THE_EDGE = "on the edge"
    WRONG = "wrong"


def rightness(expected: Answer, got: Any) -> Rightness:
    """Compare every expected part with what is at its place in decoded JSON."""
    verdicts = {of_part(part, at(got, pointer)) for pointer, part in expected.items()}
    if Rightness.WRONG in verdicts or _has_more(expected, got):
        return Rightness.WRONG
    return Rightness.ON_THE_EDGE if Rightness.ON_THE_EDGE in verdicts else Rightness.RIGHT


def of_part(part: Exact | Numbers, got: Any) -> Rightness:
    if isinstance(part, Exact):
        return Rightness.RIGHT if is_same(part.value, got) else Rightness.WRONG
    pairs = list(zip(leaves(part.value), leaves(got), strict=False))
    if outline(part.value) != outline(got) or not all(is_number(leaf) for _, leaf in pairs):
        return Rightness.WRONG
    budgets = np.broadcast_to(np.ravel(part.budget), len(pairs)).tolist()
    worst = max(
        (
            _error(float(right), float(leaf), budget)
            for (right, leaf), budget in zip(pairs, budgets, strict=True)
        ),
        default=0.0,
    )
    if worst > 1 + CLEARLY:
        return Rightness.WRONG
    return Rightness.RIGHT if worst < 1 - CLEARLY else Rightness.ON_THE_EDGE


def _error(right: float, got: float, budget: float) -> float:
    if right == got or (math.isnan(right) and math.isnan(got)):
        return 0.0
    if not (math.isfinite(right) and math.isfinite(got)):
        return math.inf
    return abs(right - got) / budget if budget else math.inf


def is_number(leaf: Any) -> bool:
    """Whether decoded JSON is a number, or the name of one that is not finite."""
    if type(leaf) is int:
        return abs(leaf) < LARGEST
    return type(leaf) is float or leaf in NOT_FINITE


def is_same(right: Any, got: Any) -> bool:
    """Equality in which true is not 1; 1.0 is, in JSON."""
    if isinstance(right, list):
        return isinstance(got, list) and len(right) == len(got) and all(map(is_same, right, got))
    return bool(right == got) and isinstance(right, bool) == isinstance(got, bool)


def leaves(nested: Any) -> Iterator[Any]:
    left = [nested]
    while left:
        part = left.pop()
        if isinstance(part, list):
            left += reversed(part)
        else:
            yield part


def outline(nested: Any) -> str:
    """The brackets of nested lists, elements left out."""
    drawn: list[str] = []
    left: list[Any] = [nested]
    while left:
        part = left.pop()
        if part is NOWHERE:
            drawn.append("]")
        elif isinstance(part, list):
            drawn.append("[")
            left += [NOWHERE, *reversed(part)]
        else:
            drawn.append(".")
    return "".join(drawn)


def at(content: Any, pointer: str) -> Any:
    """What is at a JSON Pointer, or `NOWHERE`."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(content, dict):
            content = content.get(key, NOWHERE)
        elif isinstance(content, list) and key.isdecimal() and int(key) < len(content):
            content = content[int(key)]
        else:
            return NOWHERE
    return content


def _has_more(expected: Answer, got: Any) -> bool:
    """Whether a named tensor or a step too many is there; unknown fields at the top are none."""
    parents = {pointer.rpartition("/")[0] for pointer in expected} - {""}
    for parent in parents:
        known = {
            p[len(parent) + 1 :].partition("/")[0] for p in expected if p.startswith(parent + "/")
        }
        match at(got, parent):
            case dict() as members if not parent.startswith("/steps/"):
                names = {name.replace("~", "~0").replace("/", "~1") for name in members}
                if names - known:
                    return True
            case list() as items if len(items) > len(known):
                return True
    return False
