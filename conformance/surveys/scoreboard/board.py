"""The scoreboard as one value, from which its page, its table and its JSON are made.

Its JSON Schema is published as `board.schema.json` here.
"""

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from conformance.anatomy.levels import Level
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import SUITE_VERSION
from conformance.reports.page.visible_text import amount
from golden.trace import Number

SCHEMA_VERSION: Literal[1] = 1

FIRST = "first record"
UNCHANGED = "unchanged"
"""A row's `change` without an earlier record, and without a difference to it."""


class Ending(StrEnum):
    """How a port's run ended, in words."""

    PASS = "pass"
    FAIL = "fail"
    NOTHING_VERIFIED = "nothing verified"
    TIMEOUT = "timeout"
    UNUSABLE = "unusable"
    NO_REPORT = "no report"
    SUITE_FAULT = "suite fault"
    INTERRUPTED = "interrupted"
    NOT_BEGUN = "not begun"

    @property
    def is_final(self) -> bool:
        """Whether the run reached its end; only then does it say something about the port."""
        return self not in (Ending.INTERRUPTED, Ending.NOT_BEGUN)


class Cell(Struct, frozen=True):
    """A level of a port: `passed` of `asked` cases, and its largest error in budgets.

    `known` of the others fail as a baseline expects, or are announced, and do not count.
    """

    level: Level
    outcome: Outcome
    passed: int
    asked: int
    known: int
    worst: Number

    @property
    def is_known(self) -> bool:
        """Whether every failure here is known."""
        return self.outcome.is_failure and self.passed + self.known >= self.asked


class Training(Struct, frozen=True):
    """How fast a port trains the published model, measured after all runs, alone.

    `step` and `start_up` are in seconds, `memory` in bytes; `ratio` says how many times as fast
    as the reference a step is, 0 if that is not known. Without a step, `why` says why.
    """

    step: float = 0.0
    start_up: float = 0.0
    memory: int = 0
    ratio: float = 0.0
    why: str = ""


class Point(Struct, frozen=True):
    """One earlier run, or this one: its date in UTC, and `passed` of `asked` cases."""

    date: str
    passed: int
    asked: int


class Row(Struct, frozen=True, kw_only=True):
    """A port. `label` is what the user called it.

    `exit_code` is that of its run, negative for a signal, None if it was not begun. `why` and
    `log` say why it has no report, or what fails first. `passed` of `asked` cases (of checks, if
    it is a program that was run as it is), `known` of the others failing as expected. `worst` is
    the largest error in budgets, at `worst_at`. `profile` is the program that was asked about,
    `profiles` are those that it offers; `trains` says whether it offers to train. `seconds` is
    how long its run took, beside the others. `change` says what has changed since the last
    record, and `history` has the runs so far.
    """

    label: str
    ending: Ending
    exit_code: int | None = None
    name: str = ""
    language: str = ""
    precision: str = ""
    kind: Literal["port", "program"] = "port"
    verdict: str = ""
    why: str = ""
    log: list[str] = []
    grade: str = ""
    profile: str = ""
    profiles: list[str] = []
    trains: bool = False
    edition: int | None = None
    passed: int = 0
    asked: int = 0
    known: int = 0
    levels: list[Cell] = []
    worst: Number = 0.0
    worst_at: str = ""
    first_divergence: str = ""
    seconds: float = 0.0
    training: Training | None = None
    change: str = ""
    history: list[Point] = []

    @property
    def has_changed(self) -> bool:
        """Whether anything has changed since the last record."""
        return self.change not in ("", FIRST, UNCHANGED)

    @property
    def has_worst(self) -> bool:
        """Whether numbers were compared, so that there is a worst error in budgets."""
        return self.kind == "port" and bool(self.worst_at or self.ending is Ending.PASS)

    @property
    def counts(self) -> str:
        """The verdict without its word."""
        return self.verdict.partition(": ")[2]

    @property
    def failing(self) -> list[Cell]:
        """The levels with a failure that counts."""
        return [cell for cell in self.levels if cell.outcome.is_failure and not cell.is_known]

    @property
    def others(self) -> list[str]:
        """The profiles that it offers beside the one that it was asked about."""
        return [name for name in self.profiles if name != self.profile]

    @property
    def by_level(self) -> dict[Level, Cell]:
        """The levels by name."""
        return {cell.level: cell for cell in self.levels}

    @property
    def unit(self) -> str:
        """What was passed or not: cases, or checks."""
        return "checks" if self.kind == "program" else "cases"


class Board(Struct, frozen=True, kw_only=True):
    """All ports, best first. `date` is when the runs began, in UTC.

    `patterns` are the cases that were asked for, all if there are none, and `profile` is the
    program, None if each port was asked about the one that it offers. `reference_step` is the
    time of a training step of the reference, in seconds, 0 if it was not measured. `left_out` has
    the suite's ports whose toolchain is missing, each with what it lacks.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    suite_version: str = SUITE_VERSION
    date: str
    edition: int
    seed: int
    patterns: list[str]
    profile: str | None
    exit_code: ExitCode
    was_interrupted: bool
    seconds: float
    reference_step: float
    rows: list[Row]
    left_out: dict[str, str]

    @property
    def passing(self) -> int:
        """How many ports pass."""
        return sum(row.ending is Ending.PASS for row in self.rows)

    @property
    def ranks(self) -> list[int]:
        """The rank of each row; ports of equal merit share one."""
        merits = [merit(row) for row in self.rows]
        return [merits.index(one) + 1 for one in merits]

    @property
    def levels(self) -> list[Level]:
        """The levels that any port was asked about."""
        asked = {cell.level for row in self.rows for cell in row.levels}
        return [level for level in Level if level in asked]


_PLACES = {ending: place for place, ending in enumerate(Ending)}


def merit(row: Row) -> tuple[bool, bool, int, float, int]:
    """What ranks a port, the best first, and nothing that the scoreboard does not print.

    Ports that pass come first, by how many cases they pass. An error within budget is rounding,
    in which no port is better than another; a larger one counts with its printed digits.
    """
    worst = float(row.worst)
    error = float(amount(worst)) if math.isfinite(worst) else math.inf
    return (
        row.ending is not Ending.PASS,
        not row.ending.is_final,
        -row.passed,
        error if row.has_worst and error > 1 else 0.0,
        _PLACES[row.ending],
    )


def best_first(rows: Iterable[Row]) -> list[Row]:
    """The rows in the order of their ranks; those of one rank by name."""
    return sorted(rows, key=lambda row: (merit(row), row.label))


def exit_code_of(rows: list[Row], *, was_interrupted: bool) -> ExitCode:
    """What a scoreboard exits with: 0 if every port passed."""
    if was_interrupted:
        return ExitCode.INTERRUPTED
    passed = all(row.ending is Ending.PASS for row in rows)
    return ExitCode.PASS if passed else ExitCode.FAIL
