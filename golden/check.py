"""Checks golden traces for damage, and for drift against this machine's arithmetic.

A file is damaged if it is not the file that the manifest lists. A number has drifted if it
differs when it is computed again, because of another libm or a changed program. Each recorded
step is recomputed from the recorded state before it, so errors do not propagate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import msgspec
import numpy as np

from reference.evaluation import Evaluation
from reference.training import evaluate, updated

from .budgets import Precision, tensor_budget, update_budgets
from .numbers import Array, as_array, ulps
from .provenance import BudgetsEntry, Entry, program_sha256, sha256
from .trace import FullStep, Trace, TracedStep, decode, floats, full_steps, state_before

FLOAT64: Precision = "float64"


class Condition(Enum):
    """The result of a check; the value is its text."""

    INTACT = "intact: computed again, bit for bit the same"
    DRIFTED = "drifted within budget: other last bits on this machine"
    WRONG = "outside of budget: this is not what the program computes here"
    DAMAGED = "damaged: not the file that the manifest lists"


@dataclass(frozen=True, slots=True)
class Drift:
    """How a recorded tensor differs from the tensor computed now.

    `moved` of `values` elements differ. The largest difference is `worst` in budgets, at
    `pointer`, and `worst_ulps` in units in the last place.
    """

    pointer: str
    moved: int
    values: int
    worst_ulps: float
    worst: float


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of checking one file: its condition, a sentence, and the tensors that moved."""

    name: str
    condition: Condition
    detail: str
    drifts: tuple[Drift, ...] = ()
    values: int = 0


@np.errstate(all="ignore")  # the numbers of a damaged file may be anything
def check_trace(name: str, entry: Entry, content: bytes) -> Finding:
    """Compare a trace's bytes with the manifest, and its numbers with those computed here."""
    damaged = sha256(content) != entry.sha256
    try:
        trace = decode(content)
    except msgspec.DecodeError as error:
        return Finding(name, Condition.DAMAGED, f"{entry.file} cannot be read as a trace: {error}")
    try:
        compared = _compared(trace)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        if not damaged:
            raise
        why = f"its numbers cannot be computed again ({type(error).__name__})"
        return Finding(name, Condition.DAMAGED, f"{entry.file} has another SHA-256, and {why}")
    drifts = tuple(drift for drift in compared if drift.moved)
    values = sum(drift.values for drift in compared)
    if damaged:
        detail = f"{entry.file} has another SHA-256; `git checkout` or `make golden` mends it"
        return Finding(name, Condition.DAMAGED, detail, drifts, values)
    condition = Condition.INTACT
    if drifts:
        is_within = max(drift.worst for drift in drifts) <= 1
        condition = Condition.DRIFTED if is_within else Condition.WRONG
    detail = condition.value
    if condition is Condition.WRONG and entry.provenance.program_sha256 != program_sha256():
        detail = "the program has changed since: `make golden` rewrites its traces"
    return Finding(name, condition, detail, drifts, values)


def _compared(trace: Trace) -> list[Drift]:
    """The drift of every tensor, 0 or not.

    Raises:
        ArithmeticError, LookupError, TypeError, ValueError: no program gives such a trace.
    """
    if trace.config.n_layer > len(trace.initial_weights):
        raise ValueError("there are more layers than tensors")
    return [drift for step, full in full_steps(trace) for drift in step_drifts(trace, step, full)]


def check_budgets(entry: BudgetsEntry, content: bytes) -> Finding:
    """Compare the budgets' bytes with the manifest."""
    if sha256(content) == entry.sha256:
        return Finding("budgets", Condition.INTACT, "intact: the file that the manifest lists")
    detail = f"{entry.file} has another SHA-256; `git checkout` or `make golden` mends it"
    return Finding("budgets", Condition.DAMAGED, detail)


def movement(drifts: Sequence[Drift], values: int) -> str:
    """How many of the values moved, how far at most, and where."""
    if not (moved := sum(drift.moved for drift in drifts)):
        return f"{values} values computed again, none moved"
    worst = max(drifts, key=lambda drift: drift.worst)
    return (
        f"{moved} of {values} values moved, by {worst.worst_ulps:.3g} units in the last place "
        f"and {worst.worst:.2g} of budget at worst: {worst.pointer}"
    )


def step_drifts(trace: Trace, step: TracedStep, full: FullStep) -> Iterator[Drift]:
    """Recompute a step from the recorded state before it, and compare every tensor."""
    state = state_before(trace, step.step)
    if state is None:
        return
    at = f"/steps/{step.step}"
    now: Evaluation = evaluate(state.weights, step.tokens, trace.config)
    yield _tensor_drift(f"{at}/loss", step.loss, now.loss)
    yield _tensor_drift(f"{at}/losses", full.losses, now.losses)
    if full.logits:
        yield _tensor_drift(f"{at}/logits", full.logits, now.logits)
    for name, recorded in full.grads.items():
        yield _tensor_drift(f"{at}/grads/{name}", recorded, now.grads[name])
    # The update starts from the recorded gradients, which keeps their drift out of it.
    after = updated(state, step.tokens, replace(now, grads=floats(full.grads)), trace.config)
    for pointer, budget in update_budgets(state, full.grads, trace.config, FLOAT64).items():
        _, part, name = pointer.split("/")
        recorded, computed = getattr(full, part)[name], getattr(after, part)[name]
        yield compare(f"{at}{pointer}", recorded, computed, budget)


def _tensor_drift(pointer: str, recorded: Any, now: Any) -> Drift:
    return compare(pointer, recorded, now, tensor_budget(now, FLOAT64))


def compare(pointer: str, recorded: Any, now: Any, budget: Array | float) -> Drift:
    """Count the elements that differ between two tensors, and find the largest difference."""
    old, new = as_array(recorded), as_array(now)
    if old.shape != new.shape:
        return Drift(pointer, new.size, new.size, np.inf, np.inf)
    apart = ulps(old, new)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(apart == 0, 0.0, np.abs(old - new) / budget)
    ratio = np.nan_to_num(ratio, nan=np.inf)
    worst = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    place = "".join(f"/{index}" for index in worst)
    return Drift(
        pointer + place, int((apart > 0).sum()), apart.size, float(apart.max()), float(ratio[worst])
    )
