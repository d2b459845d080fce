"""Joins the records of a trace to steps, which may be written in several lines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from msgspec import UNSET, structs

from .record_lines import BadTrace, Line
from .records import STEP_PARTS, Head, SampleRecord, StepRecord


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """All records of one step, joined; `places` are where its parts are written."""

    record: StepRecord
    places: dict[str, str]

    def where(self, part: str) -> str:
        """The place of a part in the trace, for messages."""
        return f"{self.places[part]}, at /{part}"


def head_of(lines: Iterator[Line]) -> Head:
    """The first record.

    Raises:
        BadTrace: the trace is empty, or begins with another record.
    """
    first = next(lines, None)
    if first is None:
        raise BadTrace('the trace is empty; its first line is a record like {"trace": 1}')
    if not isinstance(first.record, Head):
        raise BadTrace(
            f'{first.place}: the first record is the one with the field "trace", as in '
            '{"trace": 1, "n_head": 4, "weights": [0.1, …]}'
        )
    return first.record


def joined(lines: Iterable[Line]) -> Iterator[RecordedStep | Line]:
    """The steps, and the lines of samples, in order.

    Raises:
        BadTrace: a step goes back, or has a part twice.
    """
    pending: RecordedStep | None = None
    for line in lines:
        match line.record:
            case StepRecord() as record:
                if pending is not None and record.step == pending.record.step:
                    pending = _with(pending, line.place, record)
                    continue
                if pending is not None:
                    if record.step < pending.record.step:
                        raise BadTrace(
                            f"{line.place}: step {record.step} comes after step "
                            f"{pending.record.step}; steps are written in order"
                        )
                    yield pending
                pending = RecordedStep(record, dict.fromkeys(_parts(record), line.place))
            case SampleRecord():
                if pending is not None:
                    yield pending
                    pending = None
                yield line
    if pending is not None:
        yield pending


def _parts(record: StepRecord) -> list[str]:
    return [part for part in STEP_PARTS if getattr(record, part) is not UNSET]


def _with(step: RecordedStep, place: str, more: StepRecord) -> RecordedStep:
    parts = _parts(more)
    for part in parts:
        if part in step.places:
            raise BadTrace(f"{place}: step {more.step} has {part} already, in {step.places[part]}")
    record = structs.replace(step.record, **{part: getattr(more, part) for part in parts})
    return RecordedStep(record, step.places | dict.fromkeys(parts, place))
