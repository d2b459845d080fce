"""The report of a run: one model, from which every form of it is made.

Its JSON Schema is published as `report.schema.json`. Places inside an answer are JSON
Pointers (RFC 6901); a number that is not finite is a string.
"""

from __future__ import annotations

import json
from typing import Literal

import msgspec
from msgspec import Struct, field

from conformance.anatomy.levels import Level
from golden.trace import Number
from reference.profiles import MICROGPT

from .edition import current_edition
from .outcome import ExitCode, Outcome
from .standing import Standing

SCHEMA_VERSION: Literal[1] = 1
SUITE_VERSION = "0.1.0"


class PortReport(Struct, frozen=True):
    """The port that was asked, as its manifest has it, and the methods and profiles it offers."""

    label: str
    name: str
    language: str
    precision: str
    methods: list[str]
    profiles: list[str]


class Difference(Struct, frozen=True):
    """A part of an answer that is not right.

    `pointer` is the place of the worst element, `first` of the first wrong one; `budgets`
    is the error in budgets; `wrong` of `values` elements are outside of theirs.
    """

    part: str
    pointer: str
    first: str
    expected: str
    got: str
    budgets: Number
    wrong: int
    values: int


class CaseReport(Struct, frozen=True):
    """One case. `worst` is the largest error of any number in budgets, at `worst_at`.

    `standing` says how the outcome counts, and `reason` why, where a baseline has it otherwise. A
    failure that may come from an earlier one is `tainted_by` that case. `rerun` is the
    command that runs this case again. `log` is the end of what the port had written to its
    standard error when the case failed.
    """

    slug: str
    level: Level
    about: str
    method: str
    outcome: Outcome
    detail: str
    seconds: float
    worst: Number
    worst_at: str
    values: int
    identical: int
    ulps: Number
    differences: list[Difference]
    tainted_by: str
    rerun: str
    log: list[str]
    standing: Standing = Standing.COUNTS
    reason: str = ""

    @property
    def fails(self) -> bool:
        """Whether a run with this case fails."""
        return self.standing.fails(self.outcome)


class LevelReport(Struct, frozen=True):
    """A level: `passed` of `asked` cases, its outcome, and its largest error in budgets."""

    level: Level
    outcome: Outcome
    passed: int
    asked: int
    cases: int
    worst: Number
    worst_at: str


class BaselineReport(Struct, frozen=True):
    """The baseline that a run was judged with: where it is, what is in it by its SHA-256.

    `unmatched` are the entries that match no case, in words.
    """

    path: str
    sha256: str
    unmatched: list[str] = []


class PartReport(Struct, frozen=True):
    """Which part of a run that was split, part `index` of `of`, and the cases of all of it."""

    index: int
    of: int
    slugs: list[str]


class Report(Struct, frozen=True, kw_only=True):
    """A run. `profile` is the program that was asked about, with `settings` changed.

    `first_divergence` is the slug of the failure to look at first, if any.

    `layout` is what port.toml should declare, if the port is right in that layout and wrong
    in the declared one. `edition` says which cases count.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    suite_version: str = SUITE_VERSION
    port: PortReport
    profile: str = MICROGPT.name
    settings: list[str] = []
    edition: int = field(default_factory=current_edition)
    seed: int
    exit_code: ExitCode
    verdict: str
    grade: str
    first_divergence: str
    layout: str
    levels: list[LevelReport]
    cases: list[CaseReport]
    seconds: float
    baseline: BaselineReport | None = None
    part: PartReport | None = None


def excused(report: Report) -> list[CaseReport]:
    """The cases that failed, and for which the run does not fail: known, or announced."""
    return [case for case in report.cases if case.outcome.is_failure and not case.fails]


def encode(report: Report) -> bytes:
    """The report as JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def schema() -> bytes:
    """The JSON Schema of a report, as published."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    document |= msgspec.json.schema(Report)
    return json.dumps(document, indent=1).encode() + b"\n"
