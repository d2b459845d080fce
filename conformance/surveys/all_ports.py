"""Several ports, one after the other: a line each, and which were left out and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.cases.request import Request, Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.reports.terminal.run_text import short_grade, show
from conformance.reports.terminal.safe_console import put, screen
from conformance.runs.running import judge
from ports_adapter.manifest import find_port, missing_tool, our_ports


@dataclass(frozen=True, slots=True)
class Ended:
    """How the run of one port ended: with a report, or with why there is none."""

    port: str
    exit_code: ExitCode
    report: Report | None = None
    why: str = ""

    @property
    def sentence(self) -> str:
        """What is to be said of it in one line."""
        if self.report is None:
            return self.why.splitlines()[0]
        grade = f"; {short_grade(self.report.grade)}" if self.exit_code is ExitCode.PASS else ""
        return f"{self.report.verdict}{grade}"


def present_and_absent() -> tuple[list[str], dict[str, str]]:
    """Our ports whose toolchain is there, and the others, each with what it lacks."""
    present, absent = [], {}
    for name in our_ports():
        port = find_port(name)
        if reason := missing_tool(port.build or port.run, port.folder):
            absent[name] = reason
        else:
            present.append(name)
    return present, absent


def judge_each(ports: Sequence[str], request: Request) -> Iterator[Ended]:
    """Run the same cases with every port; what is wrong with one does not keep from the next."""
    for port in ports:
        try:
            report = judge(replace(request, port=port))
        except Unusable as error:
            yield Ended(port, error.exit_code, why=str(error))
        else:
            yield Ended(port, report.exit_code, report)


def conform_all(request: Request) -> ExitCode:
    """Run every port of ours whose toolchain is there, and say how each ended.

    Gives the first failing port's exit code, or 0 if all passed.
    """
    console = screen()
    present, absent = present_and_absent()
    codes = []
    for ended in judge_each(present, request):
        codes.append(ended.exit_code)
        if ended.report is not None and ended.exit_code is not ExitCode.PASS:
            show(ended.report, console)
        passed = ended.exit_code is ExitCode.PASS
        words = ended.why if ended.report is None else ended.sentence
        put(console, words, "green" if passed else "bold red", first=f"{ended.port:18}")
    for name, reason in absent.items():
        put(console, f"left out: {reason}", "yellow", first=f"{name:18}")
    return next((code for code in codes if code is not ExitCode.PASS), ExitCode.PASS)
