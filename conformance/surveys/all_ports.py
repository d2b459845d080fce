"""`conformance all`: judge all ports that come with the suite, one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.cases.request import Request, Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.reports.terminal.run_text import short_grade, show
from conformance.reports.terminal.safe_console import put, screen
from conformance.runs.running import judge
from ports_adapter.manifest import find_port, missing_tool, our_ports, why_not_started


@dataclass(frozen=True, slots=True)
class Ended:
    """How the run of one port ended; without a report, `why` says why there is none."""

    port: str
    exit_code: ExitCode
    report: Report | None = None
    why: str = ""

    @property
    def sentence(self) -> str:
        """The verdict in one line, or why there is none."""
        if self.report is None:
            return self.why
        grade = f"; {short_grade(self.report.grade)}" if self.exit_code is ExitCode.PASS else ""
        return f"{self.report.verdict}{grade}"


def present_and_absent() -> tuple[list[str], dict[str, str]]:
    """The suite's ports that can run here, and the others, each with what is missing."""
    present, absent = [], {}
    for name in our_ports():
        port = find_port(name)
        reason = missing_tool(port.build, port.folder) if port.build else why_not_started(port)
        if reason:
            absent[name] = reason
        else:
            present.append(name)
    return present, absent


def judge_each(ports: Sequence[str], request: Request) -> Iterator[Ended]:
    """Run the same cases with every port, also after one of them is unusable."""
    for port in ports:
        try:
            report = judge(replace(request, port=port))
        except Unusable as error:
            yield Ended(port, error.exit_code, why=str(error))
        else:
            yield Ended(port, report.exit_code, report)


def conform_all(request: Request) -> ExitCode:
    """Judge every port of the suite that can run here, and print how each ended.

    Returns the exit code of the first port that does not pass, or `PASS`.
    """
    console = screen()
    present, absent = present_and_absent()
    codes = []
    for ended in judge_each(present, request):
        codes.append(ended.exit_code)
        if ended.report is not None and ended.exit_code is not ExitCode.PASS:
            show(ended.report, console)
        passed = ended.exit_code is ExitCode.PASS
        put(console, ended.sentence, "green" if passed else "bold red", first=f"{ended.port:18}")
    for name, reason in absent.items():
        put(console, f"left out: {reason}", "yellow", first=f"{name:18}")
    return next((code for code in codes if code is not ExitCode.PASS), ExitCode.PASS)
