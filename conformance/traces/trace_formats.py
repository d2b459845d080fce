"""Recognizes from its first steps in which formats and precisions a trace has its numbers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from golden.numbers import Array
from ports_adapter.quoting import printable

from .trace_recognition import HEAD_WEIGHTS
from .writing.number_format import NumberFormat, SeenNumbers, coarsest, format_of
from .writing.raw_numbers import array, ragged, raw_tensors
from .writing.record_lines import BadTrace, Note
from .writing.recorded_steps import RecordedStep
from .writing.records import INTERMEDIATES, Head
from .writing.shown_numbers import Formats
from .writing.storage_types import HALF, StorageType, storage_type_of

TENSORS = ("grads", "m", "v", "weights")
OUTPUTS = ("logits", "losses")
COMPUTED = ("logits", "losses", "grads", "m", "v")
SINGLE_NUMBERS = ("loss", "learning_rate")


def formats_of(head: Head, steps: Sequence[RecordedStep], note: Note) -> Formats:
    """How each kind of numbers is written.

    Raises:
        BadTrace: the program seems to compute in half precision.
    """
    seen: dict[str, list[Array]] = {}
    if head.weights is not UNSET:
        seen["weights"] = [raw_tensors(head.weights, HEAD_WEIGHTS).numbers]
    for step in steps:
        for kind in (*TENSORS, *OUTPUTS, *INTERMEDIATES):
            value = getattr(step.record, kind)
            if value is not UNSET:
                seen.setdefault(kind, []).append(_numbers(kind, value, step.where(kind)))
    if head.precision is UNSET:
        _refuse_half_precision(steps)
    if len(seen.get("weights", [])) > 1 and head.weights is not UNSET:
        seen["weights"].pop(0)  # the first weights may have come from elsewhere
    formats = {kind: format_of(arrays) for kind, arrays in seen.items()}
    formats |= _of_single_numbers(formats, steps)
    _say_rounding(formats, note)
    _say_precisions({kind: formats[kind] for kind in TENSORS if kind in formats}, note)
    return Formats(formats, None if head.precision is UNSET else head.precision)


def doubt_half_precision(formats: Formats, note: Note) -> None:
    """Doubt errors where numbers are stored in half precision.

    Raises:
        BadTrace: the program does not state that it computes in a finer one.
    """
    stored = ", ".join(
        f"{kind} ({shown.words})" for kind, shown in formats.of.items() if shown.stored in HALF
    )
    if stored and formats.stated:
        note(
            f"The errors may come from storing {stored} in half precision, as a rounded weight may "
            "turn a ReLU off. Store what the program computes in."
        )
    elif stored:
        raise BadTrace(
            f"the losses are wrong, but no further than half precision explains, of which {stored} "
            "are. A program that computes in it, or rounds to it what it stores, cannot be judged: "
            "let it compute in float32, and store float32. If it does, state "
            '"precision": "float32" in the first record'
        )


def _refuse_half_precision(steps: Sequence[RecordedStep]) -> None:
    """Refuse computed numbers of half precision; weights may be of it for another reason.

    Raises:
        BadTrace: there are some.
    """
    for kind in COMPUTED:
        found = {
            where: numbers
            for step in steps
            if kind in step.places
            for where, numbers in _matrices(step, kind)
        }
        # Under autocast some matrices are of it; a few losses show it only together.
        for where, arrays in ((next(iter(found), ""), [*found.values()]), *_each(found)):
            if half := SeenNumbers.of(arrays).half:
                raise BadTrace(
                    f"{where}: the numbers are of {half}, but right answers have budgets for "
                    "float32 and float64 alone. Let the program compute in float32. If it does, "
                    'and stores less, store float32, or state "precision": "float32" in the '
                    "first record"
                )


def _matrices(step: RecordedStep, kind: str) -> Iterator[tuple[str, Array]]:
    """The matrices of a part of a step, each with its place; a flat list is one."""
    value, where = getattr(step.record, kind), step.where(kind)
    if kind not in TENSORS:
        yield where, array(value, where)
        return
    raw, start = raw_tensors(value, where), 0
    for name, shape in raw.shapes.items():
        stop = start + math.prod(shape)
        yield f"{where}/{printable(name, 60)}", raw.numbers[start:stop]
        start = stop
    yield where, raw.numbers[start:]


def _each(found: Mapping[str, Array]) -> Iterator[tuple[str, list[Array]]]:
    return ((where, [numbers]) for where, numbers in found.items())


def _of_single_numbers(
    formats: Mapping[str, NumberFormat], steps: Sequence[RecordedStep]
) -> dict[str, NumberFormat]:
    """The formats of single numbers that are stored in a coarser type than the tensors."""
    precision = coarsest(formats[kind].precision for kind in TENSORS if kind in formats)
    found: dict[str, NumberFormat] = {}
    for kind in SINGLE_NUMBERS:
        values = [getattr(step.record, kind) for step in steps]
        arrays = [value.ravel() for value in values if isinstance(value, np.ndarray)]
        stored = _type_of(np.concatenate(arrays)) if arrays else None
        if stored is not None and stored != precision:
            found[kind] = NumberFormat(precision, stored=stored)
    return found


def _type_of(numbers: NDArray[Any]) -> StorageType | None:
    """The type in which a few numbers are stored; None for float64."""
    if numbers.dtype.kind != "f" or numbers.dtype.itemsize > 4:
        return None
    shown = storage_type_of(numbers.astype(np.float64))
    is_telling = len(set(numbers.tolist())) > 1
    if shown in HALF and (is_telling or numbers.dtype.itemsize == 2):
        return shown
    return "float32"


def _say_rounding(formats: Mapping[str, NumberFormat], note: Note) -> None:
    rounded = {kind: shown for kind, shown in formats.items() if shown.is_rounded}
    listed = {
        of_storing: ", ".join(
            f"{kind} ({shown.words})"
            for kind, shown in rounded.items()
            if (shown.stored is not None) == of_storing
        )
        for of_storing in (False, True)
    }
    if listed[False]:
        note(
            f"Printing has rounded {listed[False]}, which hides small errors. Print 17 significant "
            "digits of a double, 9 of a float."
        )
    if listed[True]:
        note(
            f"Storing has rounded {listed[True]}, which hides small errors. Store what the "
            "program computes in."
        )


def _say_precisions(tensors: Mapping[str, NumberFormat], note: Note) -> None:
    single = [kind for kind, shown in tensors.items() if shown.precision == "float32"]
    double = [kind for kind in tensors if kind not in single and not tensors[kind].is_rounded]
    if single and double:
        note(
            f"In single precision are {', '.join(single)}, in double {', '.join(double)}; each is "
            "judged in the precision of its numbers."
        )


def _numbers(kind: str, value: Any, where: str) -> Array:
    if kind in INTERMEDIATES:
        return ragged(value, where)
    return raw_tensors(value, where).numbers if kind in TENSORS else array(value, where)
