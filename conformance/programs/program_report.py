"""The report on an unmodified program; its JSON Schema is `program_report.schema.json`."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import SUITE_VERSION
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable

SCHEMA_VERSION: Literal[1] = 1

Generator = Literal["cpython", "own", "unknown"]
"""The random number generator of a program; unknown if the program could not be run."""


class ProgramPort(Struct, frozen=True):
    """The program, as its manifest describes it."""

    label: str
    name: str
    language: str
    precision: str


class Check(Struct, frozen=True):
    """One check of a program.

    `detail` says what was compared, or what is wrong. `distance` is in limits, and 0 if the check
    has none. `log` is the end of the program's standard error if it failed.
    """

    name: str
    outcome: Outcome
    detail: str
    distance: float = 0.0
    log: list[str] = []


class ProgramReport(Struct, frozen=True, kw_only=True):
    """The report on a program. `notes` say what the verdict is based on and cannot show."""

    schema_version: Literal[1] = SCHEMA_VERSION
    suite_version: str = SUITE_VERSION
    kind: Literal["program"] = "program"
    port: ProgramPort
    generator: Generator
    exit_code: ExitCode
    verdict: str
    checks: list[Check]
    notes: list[str]
    seconds: float


def make_report(
    port: Port,
    generator: Generator,
    checks: Sequence[Check],
    notes: Sequence[str],
    seconds: float,
    *,
    was_interrupted: bool = False,
) -> ProgramReport:
    """Make the report of finished checks."""
    exit_code = _exit_code(checks, was_interrupted=was_interrupted)
    return ProgramReport(
        port=ProgramPort(
            port.label, printable(port.name, 100), printable(port.language, 100), port.precision
        ),
        generator=generator,
        exit_code=exit_code,
        verdict=_verdict(checks, exit_code),
        checks=list(checks),
        notes=list(notes),
        seconds=round(seconds, 2),
    )


def _exit_code(checks: Sequence[Check], *, was_interrupted: bool) -> ExitCode:
    if was_interrupted:
        return ExitCode.INTERRUPTED
    if any(check.outcome.is_failure for check in checks):
        return ExitCode.FAIL
    judged = [c for c in checks if c.outcome is Outcome.PASS and c.name.startswith("losses")]
    return ExitCode.PASS if judged else ExitCode.NOTHING_VERIFIED


def _verdict(checks: Sequence[Check], exit_code: ExitCode) -> str:
    judged = [check for check in checks if check.outcome is not Outcome.NOT_OFFERED]
    passed = sum(check.outcome is Outcome.PASS for check in judged)
    return f"{exit_code.word}: {passed} of {len(judged)} checks passed"
