"""Recognizes from its first steps of which model a trace is, and in which layout."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import UNSET

from .model.model_sizes import sizes_of
from .model.traced_evaluation import Evidence
from .model.traced_model import TracedModel, traced_model
from .writing.raw_numbers import array, raw_tensors
from .writing.record_lines import Note
from .writing.recorded_steps import RecordedStep
from .writing.records import Head

LOOKED_AT = 3
"""So many steps show how a trace is written."""

MANY_ZEROS = 0.1
"""A larger share of the weights is 0 only where whole matrices are."""

HEAD_WEIGHTS = "the first record, at /weights"


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
            known = Evidence(weights, record.tokens, step.where("tokens"), loss_of(step), None)
            if record.grads is not UNSET:
                where = step.where("grads")
                known = replace(known, grads=raw_tensors(record.grads, where), grads_where=where)
            yield known
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
