"""Real material: questions to a small model and the right answers to them, as lines."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from conformance.cases import all_cases
from conformance.mistakes.patched_port import introduction
from conformance.oracle import reference_answer
from ports_adapter.messages import METHODS, StepParams
from ports_adapter.messages.training import SgdParams
from tests.support.small_questions import TINY, model, training, update

from .standin import ID


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A question, and the lines of the right answer to it, notifications first."""

    method: str
    params: Any
    lines: tuple[bytes, ...]


def envelope(**members: Any) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0"} | members, enc_hook=float)


def exchanged(method: str, params: Any) -> Exchanged:
    """What the canonical program answers."""
    steps: list[StepParams] = []
    if method in ("initialize", "shutdown"):
        result: Any = introduction() if method == "initialize" else {}
    else:
        result = reference_answer.answer(method, params, steps.append, ID)
    lines = [envelope(method="step", params=step) for step in steps]
    return Exchanged(method, params, (*lines, envelope(id=ID, result=result)))


def small_questions() -> dict[str, Any]:
    asked, adam = model(TINY, [4, 0, 1, 4]), update(1, 4, 1.0)
    common = {name: getattr(adam, name) for name in SgdParams.__struct_fields__}
    train = training(TINY, [[4, 0, 4], [4, 1, 0, 4]], steps=2)
    return {
        "forward": asked,
        "backward": asked,
        "adam": adam,
        "sgd": SgdParams(**common),
        "train": train,
    }


@cache
def answers() -> dict[str, Exchanged]:
    """A right answer by every method: about a small model, or else the shortest of any case."""
    found = {method: exchanged(method, params) for method, params in small_questions().items()}
    found |= {name: exchanged(name, {}) for name in ("initialize", "shutdown")}
    shortest = _by_size(lambda case: case.method not in found)
    return found | {m: exchanged(m, p) for m, p in shortest.items() if m not in found}


def _by_size(wanted: Callable[[Any], bool]) -> dict[str, Any]:
    smallest: dict[str, tuple[int, Any]] = {}
    offer = introduction()
    for case in all_cases(1, "float64"):
        if wanted(case) and case.method in METHODS and case.level != "protocol":
            params = case.question(offer)
            size = len(msgspec.json.encode(params, enc_hook=float))
            if size < smallest.get(case.method, (size + 1,))[0]:
                smallest[case.method] = size, params
    return {method: params for method, (_, params) in smallest.items()}
