"""The data model of a run's report, from which all its forms are made.

Its JSON Schema is published as `report.schema.json`. Places inside an answer are JSON
Pointers (RFC 6901). A number that is not finite is written as a string.
"""

from typing import Literal

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
    """The port as its manifest describes it, with the methods and profiles that it offers."""

    label: str
    name: str
    language: str
    precision: str
    methods: list[str]
    profiles: list[str]


class Difference(Struct, frozen=True):
    """A wrong part of an answer.

    `pointer` is the place of the worst element, `first` that of the first wrong one. `budgets`
    is the error in budgets. `wrong` of the `values` elements are outside their budgets.
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
    """One case. `worst` is the largest error of any number, in budgets, at `worst_at`.

    `standing` says how the outcome counts; if a baseline decides that, `reason` says why.
    `tainted_by` is an earlier case whose failure may have caused this one. `rerun` is the
    command that runs this case again. `log` is the end of what the port had written to
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
        """Whether this case fails the run."""
        return self.standing.fails(self.outcome)


class LevelReport(Struct, frozen=True):
    """A level: `passed` of the `asked` cases, its outcome, and its largest error in budgets."""

    level: Level
    outcome: Outcome
    passed: int
    asked: int
    cases: int
    worst: Number
    worst_at: str


class BaselineReport(Struct, frozen=True):
    """The baseline that a run was judged by: its path, and the SHA-256 of its content.

    `unmatched` describes the entries that match no case.
    """

    path: str
    sha256: str
    unmatched: list[str] = []


class PartReport(Struct, frozen=True):
    """A part of a split run: part `index` of `of`, and the cases of the whole run."""

    index: int
    of: int
    slugs: list[str]


class NotShown(Struct, frozen=True):
    """A part that a trace lacks, what cannot be judged without it, and the line to add."""

    part: str
    unjudged: str
    line: str


class TraceReport(Struct, frozen=True):
    """The trace that a verdict rests on.

    `steps` is how many training steps it has, `judged_steps` how many of them were judged from
    the state before them, `samples` how many samples. `notes` are sentences on what was
    recognized or inferred. `corpora` are the names of the corpora that the suite gave to a program
    which it ran; it is empty if a file was judged.
    """

    path: str
    steps: int
    judged_steps: int
    samples: int
    notes: list[str]
    not_shown: list[NotShown]
    corpora: list[str] = []


class Report(Struct, frozen=True, kw_only=True):
    """A run. `profile` is the program that the cases are about, with `settings` changed.

    `first_divergence` is the slug of the failure to look at first, if any. `layout` is what
    port.toml should declare, if the port is right in that layout and wrong in the declared
    one. `edition` says which cases count. `trace` is set if a trace was judged, not a port.
    `answers` is the file of answers that was judged in place of a running port, or empty.
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
    trace: TraceReport | None = None
    answers: str = ""


def excused(report: Report) -> list[CaseReport]:
    """The cases that failed without failing the run: known failures and announced cases."""
    return [case for case in report.cases if case.outcome.is_failure and not case.fails]
