"""A program's report as a person reads it in a terminal."""

from rich.console import Console
from rich.text import Text

from conformance.programs.program_report import ProgramReport
from ports_adapter.quoting import titled

from .run_text import FAILURE_STYLE, STYLES, verdict_style
from .safe_console import put


def show(report: ProgramReport, console: Console) -> None:
    """Print the checks, what the verdict rests on, and the verdict."""
    port = report.port
    put(console, f"{titled(port.name)} ({port.language}, {port.precision}), run as it is", "bold")
    names = max((len(check.name) for check in report.checks), default=0)
    outcomes = max((len(check.outcome) for check in report.checks), default=0)
    for check in report.checks:
        style = STYLES.get(check.outcome, FAILURE_STYLE)
        head = Text.assemble(
            f"{check.name:{names}}  ", (f"{check.outcome:{outcomes}}", style), "  "
        )
        put(console, check.detail, first=head)
        for words in check.log:
            put(console, f"  | {words}", "dim")
    console.print()
    for note in report.notes:
        put(console, note)
    put(console, f"{report.verdict}.", verdict_style(report.exit_code))
