"""Programs as they are, made for a test and judged by what they print."""

from collections.abc import Callable

from conformance.programs.judge_program import judge_program
from conformance.programs.program_report import ProgramReport
from conformance.programs.watcher import Watcher
from ports_adapter.manifest import Port
from reference.corpus import EMBEDDED
from tests.support.programs import taped

MakeProgram = Callable[..., Port]


def judged(port: Port) -> ProgramReport:
    return judge_program(port, Watcher())


def outcomes(report: ProgramReport) -> dict[str, str]:
    return {check.name: str(check.outcome) for check in report.checks}


def detail(report: ProgramReport) -> str:
    """Of the first failure."""
    return next(check.detail for check in report.checks if check.outcome.is_failure)


def printing(*options: str) -> str:
    """The source of a program that prints what the tests' program on tapes would print."""
    said = "".join(taped.printed(taped.parser.parse_args(options), EMBEDDED))
    return f"import sys\nsys.stdout.buffer.write({said.encode()!r})"
