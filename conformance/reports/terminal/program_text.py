"""A program's report as a person reads it in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from conformance.judging.outcome import ExitCode
from conformance.programs.program_report import ProgramReport
from ports_adapter.quoting import titled

from .run_text import FAILURE_STYLE, STYLES


def show(report: ProgramReport, console: Console) -> None:
    """Print the checks, what the verdict rests on, and the verdict."""
    port = report.port
    title = f"{titled(port.name)} ({port.language}, {port.precision}), run as it is"
    console.print(Text(title, style="bold"), soft_wrap=True)
    console.print(Text(f"{'check':23}{'verdict':20}", style="dim"), soft_wrap=True)
    for check in report.checks:
        style = STYLES.get(check.outcome, FAILURE_STYLE)
        line = Text.assemble(f"{check.name:23}", (f"{check.outcome:20}", style), check.detail)
        console.print(line, soft_wrap=True)
        for words in check.log:
            console.print(Text(f"  | {words}", style="dim"), soft_wrap=True)
    console.print()
    for note in report.notes:
        console.print(Text(note), soft_wrap=True)
    style = "bold green" if report.exit_code is ExitCode.PASS else "bold red"
    console.print(Text(f"{report.verdict}.", style=style), soft_wrap=True)
