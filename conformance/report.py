"""The report of a run: one model, from which every form of it is made.

Its JSON Schema is published as `report.schema.json`. Places inside an answer are JSON
Pointers (RFC 6901); a number that is not finite is a string.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import Struct

from golden.trace import Number, number
from ports_adapter.layout import Layout
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable, tail
from reference.profiles import MICROGPT

from .comparison import Comparison, Divergence
from .engine import Finished, Result
from .levels import Level, upstream
from .outcome import ExitCode, Outcome

SCHEMA_VERSION: Literal[1] = 1
SUITE_VERSION = "0.1.0"
DIFFERENCES_KEPT = 12


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

    A failure that may come from an earlier one is `tainted_by` that case. `rerun` is the
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


class LevelReport(Struct, frozen=True):
    """A level: `passed` of `asked` cases, its outcome, and its largest error in budgets."""

    level: Level
    outcome: Outcome
    passed: int
    asked: int
    cases: int
    worst: Number
    worst_at: str


class Report(Struct, frozen=True, kw_only=True):
    """A run. `profile` is the program that was asked about, with `settings` changed.

    `first_divergence` is the slug of the failure to look at first, if any.

    `layout` is what port.toml should declare, if the port is right in that layout and wrong
    in the declared one.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    suite_version: str = SUITE_VERSION
    port: PortReport
    profile: str = MICROGPT.name
    settings: list[str] = []
    seed: int
    exit_code: ExitCode
    verdict: str
    grade: str
    first_divergence: str
    layout: str
    levels: list[LevelReport]
    cases: list[CaseReport]
    seconds: float


def make_report(
    port: Port,
    finished: Finished,
    seed: int,
    layout: Layout | None = None,
    profile: str = MICROGPT.name,
    settings: Sequence[str] = (),
) -> Report:
    """The report of a finished run.

    Args:
        port: what was asked.
        finished: how that ended.
        seed: of the fresh cases.
        layout: one in which the port is right, if the declared one is wrong.
        profile: the program that it was asked about.
        settings: of that, which were changed.
    """
    results = finished.results
    tainted = tainted_cases(results)
    asked = Asked(port, seed, profile, settings)
    cases = [_case(result, tainted.get(result.case.slug, ""), asked) for result in results]
    failures = [case.slug for case in cases if case.outcome.is_failure]
    exit_code = exit_code_of(results, was_interrupted=finished.was_interrupted)
    return Report(
        port=PortReport(
            port.label,
            printable(port.name, 100),
            printable(port.language, 100),
            port.precision,
            [printable(name, 100) for name in finished.offer.methods] if finished.offer else [],
            [printable(name, 100) for name in finished.offer.profiles] if finished.offer else [],
        ),
        profile=profile,
        settings=list(settings),
        seed=seed,
        exit_code=exit_code,
        verdict=verdict_of(results, exit_code),
        grade=grade_of(results, port) if exit_code is ExitCode.PASS else "none",
        first_divergence=failures[0] if failures else "",
        layout=layout.toml() if layout else "",
        levels=[_level(level, cases) for level in Level if any(c.level is level for c in cases)],
        cases=cases,
        seconds=sum(result.seconds for result in results),
    )


def tainted_cases(results: Sequence[Result]) -> dict[str, str]:
    """Failures in a level that builds on one with a failure, each with that failure's case."""
    first: dict[Level, str] = {}
    tainted = {}
    for result in results:
        if not result.outcome.is_failure or result.outcome is Outcome.NOT_RUN:
            continue
        above = upstream(result.case.level)
        source = next((slug for level, slug in first.items() if level in above), None)
        if source is not None:
            tainted[result.case.slug] = source
        first.setdefault(result.case.level, result.case.slug)
    return tainted


def exit_code_of(results: Sequence[Result], *, was_interrupted: bool) -> ExitCode:
    """What the run exits with: never 0 unless something beyond the protocol passed."""
    outcomes = {result.outcome for result in results}
    if was_interrupted:
        return ExitCode.INTERRUPTED
    if Outcome.SUITE_FAULT in outcomes:
        return ExitCode.SUITE_FAULT
    if any(outcome.is_failure for outcome in outcomes):
        return ExitCode.FAIL
    verified = [r for r in results if r.outcome is Outcome.PASS and r.case.level != Level.PROTOCOL]
    return ExitCode.PASS if verified else ExitCode.NOTHING_VERIFIED


def verdict_of(results: Sequence[Result], exit_code: ExitCode) -> str:
    """The verdict in one line."""
    asked = [result for result in results if result.outcome is not Outcome.NOT_OFFERED]
    passed = sum(result.outcome is Outcome.PASS for result in asked)
    left_out = len(results) - len(asked)
    counts = f"{passed} of {len(asked)} cases passed"
    if left_out:
        counts += f", {left_out} not offered"
    match exit_code:
        case ExitCode.PASS:
            return f"PASS: {counts}"
        case ExitCode.NOTHING_VERIFIED:
            return f"NOTHING VERIFIED: {counts}, none of them beyond the protocol"
        case ExitCode.INTERRUPTED:
            return f"INTERRUPTED: {counts}"
        case ExitCode.SUITE_FAULT:
            return f"SUITE FAULT: {counts}"
        case _:
            return f"FAIL: {counts}"


GRADE_ULPS = 16


def grade_of(results: Sequence[Result], port: Port) -> str:
    """How near the numbers of a passing port are: to the bit, to some ulps, or its precision."""
    compared = [result.comparison for result in results if result.comparison]
    values = sum(comparison.values for comparison in compared)
    identical = sum(comparison.identical for comparison in compared)
    if not values:
        return "none: no numbers were compared"
    if identical == values:
        return f"bit-identical in all {values} numbers"
    share = f"{int(1000 * identical / values) / 10:.1f} % of {values} numbers bit-identical"
    apart = max(comparison.ulps for comparison in compared)
    if port.precision == "float64" and apart <= GRADE_ULPS:
        return f"within {apart:.0f} ulp; {share}"
    return f"{port.precision}; {share}"


def _case(result: Result, tainted_by: str, asked: Asked) -> CaseReport:
    comparison = result.comparison or Comparison((), 0.0, "", 0, 0, 0.0)
    case = result.case
    return CaseReport(
        slug=case.slug,
        level=case.level,
        about=case.about,
        method=case.method,
        outcome=result.outcome,
        detail=result.detail,
        seconds=round(result.seconds, 4),
        worst=number(comparison.worst),
        worst_at=comparison.worst_at,
        values=comparison.values,
        identical=comparison.identical,
        ulps=number(comparison.ulps),
        differences=[_difference(d) for d in comparison.divergences[:DIFFERENCES_KEPT]],
        tainted_by=tainted_by,
        rerun=rerun_command(asked, case.slug),
        log=tail(result.log),
    )


def _difference(divergence: Divergence) -> Difference:
    return Difference(
        part=printable(divergence.part, 200),
        pointer=printable(divergence.pointer, 200),
        first=printable(divergence.first or divergence.pointer, 200),
        expected=divergence.expected,
        got=divergence.got,
        budgets=number(divergence.ratio),
        wrong=divergence.wrong,
        values=divergence.values,
    )


def _level(level: Level, cases: Sequence[CaseReport]) -> LevelReport:
    of_level = [case for case in cases if case.level is level]
    asked = [case for case in of_level if case.outcome is not Outcome.NOT_OFFERED]
    failed = [case for case in asked if case.outcome.is_failure]
    # What was not run says less than what failed.
    failed.sort(key=lambda case: case.outcome is Outcome.NOT_RUN)
    passed = len(asked) - len(failed)
    outcome = failed[0].outcome if failed else Outcome.PASS if asked else Outcome.NOT_OFFERED
    worst = max(of_level, key=lambda case: float(case.worst))
    place = f"{worst.slug}#{worst.worst_at}" if worst.worst_at else ""
    return LevelReport(level, outcome, passed, len(asked), len(of_level), worst.worst, place)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked about what."""

    port: Port
    seed: int
    profile: str = MICROGPT.name
    settings: Sequence[str] = ()


def rerun_command(asked: Asked, slug: str) -> str:
    """One line that runs a case again, with the same fresh numbers."""
    words = [f"PORT={shlex.quote(asked.port.label)}"]
    if asked.profile != MICROGPT.name:
        words.append(f"PROFILE={asked.profile}")
    words.append(f"CASE={shlex.quote(slug)}")
    options = [f"--seed {asked.seed}", *(f"--set {shlex.quote(s)}" for s in asked.settings)]
    return f"make conform {' '.join(words)} ARGS='{' '.join(options)}'"


def encode(report: Report) -> bytes:
    """The report as JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def schema() -> bytes:
    """The JSON Schema of a report, as published."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    document |= msgspec.json.schema(Report)
    return json.dumps(document, indent=1).encode() + b"\n"
