"""The history file of a scoreboard: for each port of each run, a line with a JSON document.

A run that is killed while it appends leaves at most half a line. Readers skip it, and the next
run removes it.
"""

import contextlib
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import SUITE_VERSION

from .board import FIRST, UNCHANGED, Board, Ending, Point, Row

POINTS_KEPT = 60


class Tally(Struct, frozen=True):
    """A level: `passed` of `asked` cases, and whether any of its failures counts."""

    passed: int
    asked: int
    fails: bool


class Record(Struct, frozen=True, kw_only=True):
    """One port on one scoreboard.

    `date` is in UTC. `asked_for` is the requested profile, if any, `profile` the one that the cases
    were about. `ratio` is the port's training speed in multiples of the reference's, None if it
    was not measured.
    """

    date: str
    port: str
    suite_version: str = SUITE_VERSION
    edition: int | None
    seed: int
    asked_for: str | None
    patterns: list[str]
    profile: str
    ending: str
    exit_code: int | None
    passed: int
    asked: int
    known: int
    levels: dict[str, Tally]
    grade: str
    ratio: float | None = None

    def is_like(self, other: Self) -> bool:
        """Whether both are of the same port, profile and cases."""
        return (self.port, self.asked_for, sorted(self.patterns)) == (
            other.port,
            other.asked_for,
            sorted(other.patterns),
        )


_DECODER = msgspec.json.Decoder(Record)


def record_of(row: Row, board: Board) -> Record:
    """The record of a row."""
    ratio = row.training.ratio if row.training else 0.0
    return Record(
        date=board.date,
        port=row.label,
        edition=row.edition,
        seed=board.seed,
        asked_for=board.profile,
        patterns=board.patterns,
        profile=row.profile,
        ending=row.ending,
        exit_code=row.exit_code,
        passed=row.passed,
        asked=row.asked,
        known=row.known,
        levels={
            cell.level: Tally(cell.passed, cell.asked, cell in row.failing)
            for cell in row.levels
            if cell.asked
        },
        grade=row.grade,
        ratio=ratio or None,
    )


def read_history(path: Path) -> list[Record]:
    """The records of a file, oldest first; none if the file does not exist.

    Raises:
        Unusable: the file cannot be read, or a line is damaged.
    """
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise _unusable(path, error) from None
    whole, tail = _parted(content)
    lines = whole.split(b"\n")[:-1]
    lines += [tail] if _record(tail) else []
    records = []
    for number, record in enumerate(map(_record, lines), 1):
        if record is None:
            why = "is not a record of a scoreboard; correct or remove this line"
            raise Unusable(f"{path}:{number} {why}", ExitCode.USAGE)
        records.append(record)
    return records


def append_history(path: Path, records: Sequence[Record]) -> None:
    """Append records, a line each, after removing an unfinished last line.

    Raises:
        Unusable: the file cannot be written.
    """
    lines = b"".join(msgspec.json.encode(record) + b"\n" for record in records)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # two scoreboards may end at the same time
            file.seek(0)
            whole, tail = _parted(file.read())
            if _record(tail):
                lines = b"\n" + lines
            elif tail:
                file.truncate(len(whole))
            _write_all(file.fileno(), lines)
            with contextlib.suppress(OSError):  # not every kind of file can be synchronized
                os.fsync(file.fileno())
    except OSError as error:
        raise _unusable(path, error) from None


def _write_all(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _parted(content: bytes) -> tuple[bytes, bytes]:
    """The whole lines, and an unfinished one after them."""
    end = content.rfind(b"\n") + 1
    return content[:end], content[end:]


def _record(line: bytes) -> Record | None:
    """The record in a line, or None if it is damaged; editors may remove the last newline."""
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _unusable(path: Path, error: OSError) -> Unusable:
    return Unusable(f"the history {path} cannot be used: {error.strerror}", ExitCode.USAGE)


def with_history(row: Row, now: Record, records: Sequence[Record]) -> Row:
    """A row with its earlier runs, and the changes since the last one."""
    before = [record for record in records if record.is_like(now)]
    shown = [*before, now] if row.ending.is_final else before
    return msgspec.structs.replace(
        row,
        change=_change(before[-1] if before else None, now) if row.ending.is_final else "",
        history=[Point(r.date, r.passed, r.asked) for r in shown[-POINTS_KEPT:]],
    )


def _change(before: Record | None, now: Record) -> str:
    """What is otherwise than it was: `was 163/163, is 150/163: backward newly fails`."""
    if before is None:
        return FIRST
    was, now_is = f"{before.passed}/{before.asked}", f"{now.passed}/{now.asked}"
    endings = {before.ending, now.ending}
    if len(endings) > 1 and (was == now_is or not endings <= {Ending.PASS, Ending.FAIL}):
        was, now_is = f"{before.ending} ({was})", f"{now.ending} ({now_is})"
    counts = f"was {was}, is {now_is}" if was != now_is else ""
    reasons = _levels(before, now)
    if before.profile != now.profile and before.profile and now.profile:
        reasons.append(f"about {now.profile}, was about {before.profile}")
    if before.edition != now.edition and before.edition and now.edition:
        reasons.append(f"edition {now.edition}, was {before.edition}")
    return ": ".join(filter(None, (counts, ", ".join(reasons)))) or UNCHANGED


def _levels(before: Record, now: Record) -> list[str]:
    """The changes of each level."""
    if not before.levels or not now.levels:
        return []
    said = [_level(name, before.levels.get(name), tally) for name, tally in now.levels.items()]
    said += [f"{name} is not asked any more" for name in before.levels if name not in now.levels]
    return [words for words in said if words]


def _level(name: str, was: Tally | None, now: Tally) -> str:
    if was is None:
        return f"{name} is new" + (" and fails" if now.fails else "")
    if now.fails != was.fails:
        return f"{name} newly fails" if now.fails else f"{name} no longer fails"
    if now.passed != was.passed:
        return f"{name} passes {'more' if now.passed > was.passed else 'fewer'}"
    return ""
