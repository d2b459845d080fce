"""The speeds of ports, fastest first, as a table for the terminal and as rows for a page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from ports_adapter.quoting import printable

from .measurement import Speed

MEBIBYTE = 1 << 20
WIDTH = 12
NAME_SHOWN = 60


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """A measured port. `length` is how much of the axis its bar takes, from 0 to 1."""

    name: str
    milliseconds: str
    steps_per_second: str
    times_reference: str
    mebibytes: str
    start_up: str
    length: float


def decades(speeds: Sequence[Speed]) -> list[int]:
    """The powers of ten on a logarithmic axis of steps a second, the first below all speeds."""
    rates = [math.log10(speed.steps_per_second) for speed in speeds if speed.step] or [0.0]
    first = math.ceil(min(rates)) - 1
    return list(range(first, max(first + 1, math.ceil(max(rates))) + 1))


def speed_rows(speeds: Sequence[Speed], reference_step: float = 0.0) -> list[SpeedRow]:
    """The rows of those that were measured, the fastest first, with the longest bar.

    Args:
        speeds: of ports and reference.
        reference_step: seconds that the reference takes for a step, 0 if that is not known.
    """
    axis = decades(speeds)
    return [
        SpeedRow(
            name=printable(speed.name, NAME_SHOWN),
            milliseconds=f"{1000 * speed.step:.3g}",
            steps_per_second=_rate(speed.steps_per_second),
            times_reference=times(reference_step / speed.step),
            mebibytes=f"{speed.memory / MEBIBYTE:,.0f}",
            start_up=f"{1000 * speed.start_up:,.0f}",
            length=(math.log10(speed.steps_per_second) - axis[0]) / (axis[-1] - axis[0]),
        )
        for speed in sorted((s for s in speeds if s.step), key=lambda s: s.step)
    ]


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def times(ratio: float) -> str:
    """How many times as fast, or nothing if that is not known."""
    if not ratio:
        return ""
    return f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.1f}×"


def table(speeds: Sequence[Speed]) -> Table:
    """All speeds, fastest first, with bars on a logarithmic scale."""
    made = Table(box=None, pad_edge=False)
    made.add_column("port", no_wrap=True)
    for heading in ("ms a step", "steps/s", "MiB", "start-up, ms"):
        made.add_column(heading, justify="right")
    made.add_column("speed, log", no_wrap=True)
    for row in speed_rows(speeds):
        bar = "█" * (1 + round((WIDTH - 1) * row.length))
        made.add_row(
            row.name, row.milliseconds, row.steps_per_second, row.mebibytes, row.start_up, bar
        )
    return made


def show(speeds: Sequence[Speed], console: Console) -> None:
    """Print the table, and what could not be measured."""
    console.print(table(speeds))
    for speed in speeds:
        if not speed.step:
            name = printable(speed.name, NAME_SHOWN)
            console.print(f"{name}: {speed.why}", markup=False, soft_wrap=True)
