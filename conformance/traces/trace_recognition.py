"""Recognizes from its first steps how a trace is written: its model, layout and formats."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from golden.numbers import Array

from .model.model_sizes import sizes_of
from .model.traced_evaluation import Evidence
from .model.traced_model import TracedModel, traced_model
from .writing.number_format import SeenNumbers
from .writing.raw_numbers import array, raw_tensors
from .writing.record_lines import Note
from .writing.recorded_steps import RecordedStep
from .writing.records import Head
from .writing.shown_numbers import Formats

LOOKED_AT = 3
"""So many steps show how a trace is written."""

MANY_ZEROS = 0.1
"""A larger share of the weights is 0 only where whole matrices are."""

TENSORS = ("grads", "m", "v", "weights")
OUTPUTS = ("logits", "losses")
HEAD_WEIGHTS = "line 1, at /weights"


def first_step_of(head: Head, steps: Sequence[RecordedStep], note: Note) -> int:
    """The number of the first training step, 0 or 1."""
    if head.first_step is not UNSET:
        return head.first_step
    if steps and steps[0].record.step == 1:
        note("Steps count from 1, as the first one recorded does.")
        return 1
    return 0


def model_of(
    head: Head,
    steps: Sequence[RecordedStep],
    first: int,
    settings: Mapping[str, Any],
    note: Note,
) -> TracedModel | None:
    """The model of a trace; None if the trace has no weights.

    Raises:
        BadTrace: the weights contradict the sizes, or leave them open.
    """
    evidence = _most_telling(_evidence(head, steps, first))
    if evidence is None:
        return None
    sizes = sizes_of(head, evidence.weights, evidence.tokens, dict(settings), note)
    return traced_model(head, sizes, evidence, note)


def _most_telling(evaluations: Iterator[Evidence]) -> Evidence | None:
    """The first evaluation, or a later one if matrices start at 0: these pass no gradient back."""
    best = next(evaluations, None)
    for evidence in evaluations:
        if best is None or best.zeros <= MANY_ZEROS or evidence.shows_less_than(best):
            break
        best = min(best, evidence, key=lambda each: each.zeros)
    return best


def _evidence(head: Head, steps: Sequence[RecordedStep], first: int) -> Iterator[Evidence]:
    """Evaluations from known weights; after them, weights alone."""
    weights, number = None, first
    if head.weights is not UNSET:
        weights = raw_tensors(head.weights, HEAD_WEIGHTS)
    for step in steps:
        record = step.record
        if weights is not None and record.step == number and record.tokens is not UNSET:
            grads = record.grads
            raw_grads = None if grads is UNSET else raw_tensors(grads, step.where("grads"))
            yield Evidence(weights, record.tokens, step.where("tokens"), loss_of(step), raw_grads)
        if record.weights is not UNSET:
            weights = raw_tensors(record.weights, step.where("weights"))
            number = record.step + 1
    if weights is not None:
        yield Evidence(weights, [0, 0], "", None, None)


def loss_of(step: RecordedStep) -> float | None:
    """The loss of a step, if the trace has it.

    Raises:
        BadTrace: it is not a number.
    """
    if step.record.loss is UNSET:
        return None
    return float(array(step.record.loss, step.where("loss"), ()))


def formats_of(head: Head, steps: Sequence[RecordedStep], note: Note) -> Formats:
    """How each kind of numbers is written."""
    seen: dict[str, list[Array]] = {}
    if head.weights is not UNSET:
        seen["weights"] = [raw_tensors(head.weights, HEAD_WEIGHTS).numbers]
    for step in steps:
        for kind in (*TENSORS, *OUTPUTS):
            value = getattr(step.record, kind)
            if value is not UNSET:
                seen.setdefault(kind, []).append(_numbers(kind, value, step.where(kind)))
    formats = {kind: SeenNumbers.of(arrays).format for kind, arrays in seen.items()}
    rounded = {kind: shown.words for kind, shown in formats.items() if shown.is_rounded}
    if rounded:
        kinds = ", ".join(f"{kind} ({words})" for kind, words in rounded.items())
        note(
            f"Printing has rounded {kinds}, which hides small errors. Print 17 significant digits "
            "of a double, 9 of a float."
        )
    tensors = {kind: formats[kind] for kind in TENSORS if kind in formats}
    single = [kind for kind, shown in tensors.items() if shown.precision == "float32"]
    double = [kind for kind in tensors if kind not in single and not formats[kind].is_rounded]
    if single and double:
        note(
            f"In single precision are {', '.join(single)}, in double {', '.join(double)}; each is "
            "judged in the precision of its numbers."
        )
    return Formats(formats, None if head.precision is UNSET else head.precision)


def _numbers(kind: str, value: Any, where: str) -> Array:
    return raw_tensors(value, where).numbers if kind in TENSORS else array(value, where)
