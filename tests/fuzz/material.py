"""Real material: questions to a small model and the right answers to them, as lines."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from conformance.cases import all_cases
from conformance.mistakes.patched_port import introduction
from conformance.oracle import reference_answer
from ports_adapter.messages import METHODS, ModelParams, StepParams, Tensors, TrainParams
from ports_adapter.messages.training import AdamParams, SgdParams
from reference.config import Config
from reference.model import initial_weights
from reference.profiles import MICROGPT

from .standin import ID

SMALL = Config(n_embd=2, n_head=1, n_layer=1, block_size=2, num_steps=4, num_samples=2)
VOCABULARY = 3


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A question, and the lines of the right answer to it, notifications first."""

    method: str
    params: Any
    lines: tuple[bytes, ...]


def envelope(**members: Any) -> bytes:
    """A message as a line."""
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


def weights(seed: int) -> Tensors:
    """Those of a small model."""
    named: Tensors = reference_answer.as_json(
        initial_weights(SMALL, VOCABULARY, random.Random(seed))
    )
    return named


def small_questions() -> dict[str, Any]:
    """Questions about a small model, by method."""
    common: dict[str, Any] = {
        "profile": MICROGPT.name,
        "sizes": reference_answer.sizes_of(SMALL),
        "weights": weights(1),
    }
    updated = common | {"optimizer": reference_answer.optimizer_of(SMALL), "step": 1}
    moments: dict[str, Any] = {
        "m": weights(3),
        "v": {n: [[float(x) ** 2 for x in r] for r in w] for n, w in weights(4).items()},
    }
    model = ModelParams(**common, tokens=[2, 0, 1, 2], intermediates=True)
    return {
        "forward": model,
        "backward": model,
        "adam": AdamParams(**updated, **moments, grads=weights(2)),
        "sgd": SgdParams(**updated, grads=weights(2)),
        "train": TrainParams(
            **updated, **moments, documents=[[2, 0, 2], [2, 1, 0, 2]], steps=2, record="full"
        ),
    }


@cache
def answers() -> dict[str, Exchanged]:
    """A right answer by every method: about a small model, or else the shortest of any case."""
    found = {method: exchanged(method, params) for method, params in small_questions().items()}
    found |= {name: exchanged(name, {}) for name in ("initialize", "shutdown")}
    shortest = _by_size(lambda case: case.method not in found)
    return found | {m: exchanged(m, p) for m, p in shortest.items() if m not in found}


def _by_size(wanted: Callable[[Any], bool]) -> dict[str, Any]:
    """Of all cases the smallest question by method."""
    smallest: dict[str, tuple[int, Any]] = {}
    offer = introduction()
    for case in all_cases(1, "float64"):
        if wanted(case) and case.method in METHODS and case.level != "protocol":
            params = case.question(offer)
            size = len(msgspec.json.encode(params, enc_hook=float))
            if size < smallest.get(case.method, (size + 1,))[0]:
                smallest[case.method] = size, params
    return {method: params for method, (_, params) in smallest.items()}
