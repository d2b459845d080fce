"""Ending runs of the suite at random moments, and looking at what they leave.

python -m tests.fuzz.faults [--kills N] [--seed S] [--record]
"""

import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click
import jsonschema

from conformance.commands.published_pages import REPORT_SCHEMA
from golden.store import replace_file
from ports_adapter.transcript.events import Unreplayable
from ports_adapter.transcript.reader import read_transcript
from tests.support.ports.broken import folder_of

from . import figures
from .feeding import ROOT

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
SECONDS = 30.0

ASKED = 3
"""How often a command is asked to end: Python loses an interrupt that comes within a callback."""


@dataclass
class Left:
    """What ended runs of one command have left."""

    written: int = 0
    temporary: int = 0
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ended:
    """A command to be ended: how it is started, for how long, and what must hold afterwards.

    `look` gives what is wrong; `written` says whether it had got as far as writing, `clear` does
    what the next run does before it writes.
    """

    name: str
    command: list[str]
    folder: Path
    seconds: float
    look: Callable[[], Iterator[str]]
    written: Callable[[], bool]
    clear: Callable[[], object]


def end(what: Ended, number: signal.Signals, kills: int, seed: int) -> Left:
    """Start a command so often, and end it by a signal at random moments."""
    draw, left = random.Random(f"{seed}:{what.name}:{number}"), Left()
    for _ in range(kills):
        moment = draw.uniform(0, what.seconds)
        _end_once(what, number, moment)
        told = f"{what.name}, {number.name} after {moment:.3f} s"
        left.findings += [f"{told}: {wrong}" for wrong in what.look()]
        left.written += what.written()
        left.temporary += len(temporary_files(what.folder))
        what.clear()
        left.findings += [f"{told}: {path} stays" for path in temporary_files(what.folder)]
    return left


def _end_once(what: Ended, number: signal.Signals, moment: float) -> None:
    run = subprocess.Popen(
        what.command,
        cwd=what.folder if (what.folder / "golden").exists() else ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(moment)
        for _ in range(ASKED):
            run.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                run.wait(SECONDS)
                break
    finally:
        run.kill()
        run.wait()


def temporary_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.tmp"))


def reporting(folder: Path) -> Ended:
    """A run of a small port, which writes a report over an older one, and a transcript."""
    made, report = folder / "port", folder / "report.json"
    transcript = folder / "run.jsonl"
    folder_of(made)
    command = [sys.executable, "-m", "conformance", "run", str(made), "--case", "tokenizer"]
    command += ["--case", "layers/linear*", "--seed", "1", "--transcript", str(transcript)]
    command += ["--json", str(report)]
    seconds, was_there = _seconds_of(command, ROOT), True
    first = report.read_bytes()
    validator = jsonschema.Draft202012Validator(json.loads(REPORT_SCHEMA.read_bytes()))

    def look() -> Iterator[str]:
        if was_there and not report.exists():
            yield "the report that was there is gone"
        if written():
            try:
                validator.validate(json.loads(report.read_bytes()))
            except (ValueError, jsonschema.ValidationError) as error:
                yield f"the report is not whole: {error}"[:300]
        yield from _unreadable(transcript)

    def clear() -> None:
        # Half of the runs find a report, half of them none; the next report clears what is left.
        nonlocal was_there
        was_there = not was_there
        replace_file(report, first)
        if not was_there:
            report.unlink()
        transcript.unlink(missing_ok=True)

    def written() -> bool:
        return report.exists() and report.read_bytes() != first

    return Ended("run --json --transcript", command, folder, 1.1 * seconds, look, written, clear)


def _unreadable(transcript: Path) -> Iterator[str]:
    """What is wrong with a transcript that a run left."""
    if not transcript.exists() or not transcript.stat().st_size:
        return
    try:
        read_transcript(transcript).__exit__(None, None, None)
    except Unreplayable as error:
        if transcript.read_bytes().count(b"\n"):
            yield f"the transcript cannot be read: {error}"


def building(folder: Path) -> Ended:
    """A build of the golden files, in a copy of them and of the program that writes them."""
    for name in ("golden", "reference"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    before = checksums(folder / "golden")
    command = [sys.executable, "-m", "golden", "build"]

    def look() -> Iterator[str]:
        if checksums(folder / "golden") != before:
            yield "golden files have changed"

    return Ended("golden build", command, folder, 6.0, look, lambda: False, lambda: None)


def replacing(folder: Path) -> Ended:
    """A golden file that is replaced again and again, so that most ends meet it being written."""
    file, first, second = (folder / name for name in ("microgpt.json", "first", "second"))
    first.write_bytes((ROOT / "golden" / "traces" / "microgpt.json").read_bytes())
    second.write_bytes((ROOT / "golden" / "budgets.json").read_bytes())
    contents = {first.read_bytes(), second.read_bytes()}
    command = [sys.executable, "-m", "tests.fuzz.replacing", *map(str, (file, first, second))]

    def look() -> Iterator[str]:
        if file.exists() and file.read_bytes() not in contents:
            yield "the file is neither the old one nor the new one"

    def clear() -> None:
        replace_file(file, first.read_bytes())

    return Ended("replace_file", command, folder, 1.0, look, file.exists, clear)


COMMANDS: tuple[Callable[[Path], Ended], ...] = (reporting, building, replacing)


def checksums(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.json"))
    }


def _seconds_of(command: list[str], folder: Path) -> float:
    started = time.monotonic()
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return time.monotonic() - started


@click.command()
@click.option("--kills", type=click.IntRange(min=1), default=12, help="Of each, by each signal.")
@click.option("--seed", type=click.IntRange(min=0), default=1)
@click.option("--record", is_flag=True, help="Keep the figures in docs/reference/fuzz.md.")
def main(kills: int, seed: int, record: bool) -> None:
    """End runs at random moments; exit 1 if one leaves what it must not."""
    rows = []
    for make in COMMANDS:
        with tempfile.TemporaryDirectory(prefix="fuzz-faults-") as folder:
            what = make(Path(folder))
            for number in SIGNALS:
                left = end(what, number, kills, seed)
                rows.append(
                    figures.Kills(
                        what.name, number.name, seed, kills, left.written, left.temporary,
                        len(left.findings),
                    )
                )  # fmt: skip
                click.echo(f"{what.name} {number.name}: {left}")
    if record:
        figures.keep_kills(rows)
    sys.exit(1 if any(row.findings for row in rows) else 0)


if __name__ == "__main__":
    main()
