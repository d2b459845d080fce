"""Measuring the training speeds of the ports on a scoreboard, and of the reference.

Ports are measured one after the other, so they do not slow each other down, each in a process of
its own.
"""

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
    """The seconds of a step of the reference, 0 if unknown, and the rows with their speeds.

    Args:
        rows: the rows, by the names that the user gave the ports.
        folder: a new folder for the output of the measurements.
        stop: whether to stop, checked all the time.
        seconds: the most seconds for each measurement.
        status: where progress is printed.
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
    """The place of a port's measurement; no name of a port makes it the reference's."""
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
        return "its run ended too early"
    if not row.trains:
        return "it does not offer train"
    return "" if MICROGPT.name in row.profiles else f"it does not offer {MICROGPT.name}"


def _training(row: Row, speed: Speed | None, reference: float) -> Training:
    if speed is None:
        return Training(why=_unmeasurable(row) or "interrupted")
    ratio = reference / speed.step if speed.step else 0.0
    return Training(speed.step, speed.start_up, speed.memory, ratio, printable(speed.why, 500))


def _speed(ended: Ended, seconds: float) -> Speed:
    """The measured speed, or why there is none."""
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
