"""Makes the row of a port from how its run ended: its report, or why there is none."""

import re
import signal
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from conformance.anatomy.levels import Level
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import CaseReport, LevelReport, Report
from conformance.programs.program_report import ProgramReport
from conformance.reports.terminal.run_text import budgets
from ports_adapter.quoting import printable, tail

from .board import Cell, Ending, Row
from .worker_processes import Ended, How

REPORT = "report.json"
"""A run's report, in the folder of its job."""

REPORT_LIMIT = 32 << 20
"""Bytes of a report that are read; an honest one has some hundred thousand."""

LOG_READ = 64 << 10
SAID = "conformance:"
LABEL_SHOWN = 4096


class NoReport(Exception):
    """A run left no report that can be used; the message says why."""


def row_of(ended: Ended, seconds: float) -> Row:
    """The row of a port whose run has ended.

    Args:
        ended: how the run ended; its report is in the job's folder.
        seconds: how long it was given.
    """
    label = printable(ended.job.name, LABEL_SHOWN)
    if ended.how is How.NOT_BEGUN:
        return Row(label=label, ending=Ending.NOT_BEGUN, why="the scoreboard was interrupted first")
    try:
        report = _report(ended)
    except NoReport as error:
        ending = _ENDINGS_WITHOUT.get(ended.code, Ending.NO_REPORT)
        ending = _ENDED_BY_US.get(ended.how, ending)
        row = Row(label=label, ending=ending, why=str(error), log=_said(ended)[1])
    else:
        ending = _ENDINGS.get(ended.code, _ENDED_BY_US.get(ended.how, Ending.NO_REPORT))
        row = _of_program(report) if isinstance(report, ProgramReport) else _of_port(report)
    why = {
        Ending.TIMEOUT: f"its run took longer than {seconds:g} s, and was ended",
        Ending.INTERRUPTED: "its run was interrupted",
    }
    return msgspec.structs.replace(
        row,
        label=label,
        ending=ending,
        exit_code=ended.code,
        seconds=round(ended.seconds, 2),
        why=why.get(ending, row.why),
    )


_ENDINGS: dict[int | None, Ending] = {
    ExitCode.PASS: Ending.PASS,
    ExitCode.FAIL: Ending.FAIL,
    ExitCode.SUITE_FAULT: Ending.SUITE_FAULT,
    ExitCode.NOTHING_VERIFIED: Ending.NOTHING_VERIFIED,
}
_ENDINGS_WITHOUT: dict[int | None, Ending] = {
    ExitCode.USAGE: Ending.UNUSABLE,
    ExitCode.UNUSABLE_PORT: Ending.UNUSABLE,
    ExitCode.SUITE_FAULT: Ending.SUITE_FAULT,
}
_ENDED_BY_US = {How.TIMEOUT: Ending.TIMEOUT, How.INTERRUPTED: Ending.INTERRUPTED}


class _Kind(Struct):
    kind: str = "port"


def _report(ended: Ended) -> Report | ProgramReport:
    """What a run has left.

    Raises:
        NoReport: nothing, or nothing that can be used or believed.
    """
    content = _content(ended)
    try:
        kind = msgspec.json.decode(content, type=_Kind).kind
        report: Report | ProgramReport = (
            msgspec.json.decode(content, type=ProgramReport)
            if kind == "program"
            else msgspec.json.decode(content, type=Report)
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoReport(f"its report cannot be read: {printable(str(error), 200)}") from None
    if ended.how is How.BY_ITSELF and report.exit_code is ExitCode.INTERRUPTED:
        raise NoReport("its run was interrupted, though not by the scoreboard: perhaps by the port")
    # A port that ends its runner could leave a report of its own making.
    if report.exit_code != ended.code:
        raise NoReport(f"its report says {report.exit_code}, but {_how_it_ended(ended.code)}")
    return report


def _content(ended: Ended) -> bytes:
    path = ended.job.folder / REPORT
    try:
        with path.open("rb") as file:
            content = file.read(REPORT_LIMIT + 1)
    except OSError:
        raise NoReport(
            _said(ended)[0] or f"{_how_it_ended(ended.code)} and left no report"
        ) from None
    if len(content) > REPORT_LIMIT:
        size = path.stat().st_size >> 20
        raise NoReport(f"its report is too large: {size} MiB, and {REPORT_LIMIT >> 20} are read")
    return content


def _how_it_ended(code: int | None) -> str:
    if code is None or code >= 0:
        return f"its run ended with exit code {code}"
    return f"its run was ended by {_signal(-code)}, perhaps by the port"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _said(ended: Ended) -> tuple[str, list[str]]:
    """What a run said last on its standard error, and the lines after that."""
    content = _end_of(ended.job.log)
    at = (b"\n" + content).rfind(b"\n" + SAID.encode())
    if at < 0:
        return "", tail(content)
    unwrapped = re.sub(rb"\n  (?![ |])", b" ", content[at + len(SAID) :])
    first, _, rest = unwrapped.partition(b"\n")
    return printable(first.decode("utf-8", errors="replace").strip(), 500), tail(rest)


def _end_of(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_READ))
        return file.read()


def _of_program(report: ProgramReport) -> Row:
    judged = [check for check in report.checks if check.outcome is not Outcome.NOT_OFFERED]
    failed = [check for check in judged if check.outcome.is_failure]
    worst = max(judged, key=lambda check: check.distance, default=None)
    return Row(
        label="",
        ending=Ending.PASS,
        kind="program",
        name=report.port.name,
        language=report.port.language,
        precision=report.port.precision,
        verdict=report.verdict,
        passed=len(judged) - len(failed),
        asked=len(judged),
        worst=worst.distance if worst else 0.0,
        worst_at=worst.name if worst and worst.distance else "",
        log=[f"{check.name}: {check.outcome}: {check.detail}" for check in failed],
    )


PROFILES_KEPT = 20


def _of_port(report: Report) -> Row:
    cells = [_cell(level, report.cases) for level in report.levels]
    worst = max(report.levels, key=lambda level: float(level.worst), default=None)
    return Row(
        label="",
        ending=Ending.PASS,
        name=report.port.name,
        language=report.port.language,
        precision=report.port.precision,
        verdict=report.verdict,
        grade=report.grade,
        profile=report.profile,
        profiles=report.port.profiles[:PROFILES_KEPT],
        trains="train" in report.port.methods,
        edition=report.edition,
        passed=sum(cell.passed for cell in cells),
        asked=sum(cell.asked for cell in cells),
        known=sum(cell.known for cell in cells),
        levels=cells,
        worst=worst.worst if worst else 0.0,
        worst_at=worst.worst_at if worst else "",
        first_divergence=report.first_divergence,
        log=_first_failure(report),
    )


def _first_failure(report: Report) -> list[str]:
    """What is known of the first failure, a line each."""
    case = next((case for case in report.cases if case.slug == report.first_divergence), None)
    if case is None or not case.outcome.is_failure or report.exit_code is ExitCode.PASS:
        return []
    lines = [f"{case.slug}: {case.outcome}"]
    lines += [case.detail] if case.detail else []
    for difference in case.differences[:1]:
        lines.append(f"off by {budgets(float(difference.budgets))} at {difference.pointer}")
    return [*lines, *(f"| {line}" for line in case.log), f"run it again: {case.rerun}"]


def _cell(level: LevelReport, cases: Sequence[CaseReport]) -> Cell:
    known = sum(
        case.level is level.level and case.outcome.is_failure and not case.fails for case in cases
    )
    return Cell(Level(level.level), level.outcome, level.passed, level.asked, known, level.worst)
