"""Training speeds, measured one port after the other: side by side they would disturb each other.

Each is measured in a process of its own, as the runs are, and beside the reference.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import msgspec
from msgspec import structs
from rich.console import Console

from ports_adapter.quoting import printable, quoted
from reference.profiles import MICROGPT

from ..benchmark.measurement import Speed
from .board import Row, Training
from .board_text import note_speed
from .interruption import Stop
from .worker_processes import Ended, How, Job, run_all

REFERENCE = "the reference"
OUTPUT_READ = 1 << 20
_REFERENCE_PLACE = "reference"


def with_speeds(
    rows: Mapping[str, Row], folder: Path, stop: Stop, seconds: float, status: Console
) -> tuple[float, dict[str, Row]]:
    """The time of a step of the reference, 0 if unknown, and the rows with their speeds.

    Args:
        rows: by what the user calls each port.
        folder: for what the measuring leaves behind; it is made.
        stop: looked at all the time; what is not measured by then stays so.
        seconds: how long each may take.
        status: where progress is told.
    """
    measurable = [name for name, row in rows.items() if not _unmeasurable(row)]
    speeds: dict[str, Speed] = {}
    jobs = list(_jobs(measurable, folder)) if measurable else []
    with closing(run_all(jobs, stop, at_once=1, seconds=seconds)) as measurings:
        for ended in measurings:
            speeds[ended.job.place] = speed = _speed(ended, seconds)
            note_speed(ended.job.name, speed, status)
    reference = speeds.get(_REFERENCE_PLACE, Speed(REFERENCE)).step
    measured = {
        name: structs.replace(row, training=_training(row, speeds.get(_place(name)), reference))
        for name, row in rows.items()
    }
    return reference, measured


def _place(port: str) -> str:
    """What tells a port's measuring from the reference's, whatever the port is called."""
    return f"port {port}"


def _jobs(ports: list[str], folder: Path) -> Iterator[Job]:
    command = (sys.executable, "-m", "conformance.surveys.benchmark")
    yield Job(REFERENCE, command, _REFERENCE_PLACE, folder / "reference")
    for number, port in enumerate(ports):
        yield Job(port, (*command, port), _place(port), folder / str(number))


def _unmeasurable(row: Row) -> str:
    """Why a port's training cannot be measured, or an empty string."""
    if row.kind == "program":
        return "it is run as it is, and speaks no protocol"
    if not row.ending.is_final or not row.levels:
        return "its run did not get that far"
    if not row.trains:
        return "it does not offer train"
    return "" if MICROGPT.name in row.profiles else f"it does not offer {MICROGPT.name}"


def _training(row: Row, speed: Speed | None, reference: float) -> Training:
    if speed is None:
        return Training(why=_unmeasurable(row) or "interrupted")
    ratio = reference / speed.step if speed.step else 0.0
    return Training(speed.step, speed.start_up, speed.memory, ratio, printable(speed.why, 500))


def _speed(ended: Ended, seconds: float) -> Speed:
    """What a measuring left, or why it left nothing."""
    name = printable(ended.job.name, 60)
    if ended.how is How.TIMEOUT:
        return Speed(name, why=f"measuring it took longer than {seconds:g} s")
    if ended.how is not How.BY_ITSELF:
        return Speed(name, why="interrupted")
    with ended.job.output.open("rb") as file:
        content = file.read(OUTPUT_READ)
    try:
        return msgspec.json.decode(content, type=Speed)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = f", and said {quoted(content)}" if content else ""
        return Speed(name, why=f"measuring it ended with {ended.code}{said}")
