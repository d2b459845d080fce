"""The report as a person reads it in a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .engine import Result
from .outcome import ExitCode, Outcome
from .report import CaseReport, Difference, Report

FAILURES_SHOWN = 8
STYLES = {Outcome.PASS: "green", Outcome.NOT_OFFERED: "dim"}
FAILURE_STYLE = "red"


def show(report: Report, console: Console) -> None:
    """Print levels, the first divergence, the other failures, and the verdict."""
    port = report.port
    console.print(Text(f"{port.name} ({port.language}, {port.precision})", style="bold"))
    console.print(_levels(report))
    failures = [case for case in report.cases if case.outcome.is_failure]
    if failures:
        _first(failures[0], console)
        _others(failures[1:], console)
    if report.log:
        console.print("\nThe end of the port's log (standard error):")
        for line in report.log:
            _line(console, f"  | {line}", style="dim")
    console.print()
    style = "bold green" if report.exit_code is ExitCode.PASS else "bold red"
    _line(console, f"{report.verdict}. Seed {report.seed}.", style=style)
    if report.exit_code is ExitCode.PASS:
        _line(console, f"Grade: {report.grade}.")
    left_out = [level.level for level in report.levels if level.outcome is Outcome.NOT_OFFERED]
    if left_out:
        _line(console, f"Not offered, so not judged: {', '.join(left_out)}.")


def _levels(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("level", "verdict", "cases", "worst", "where"):
        right = heading in ("cases", "worst")
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "where")
    for level in report.levels:
        asked = f"{level.passed}/{level.asked}" if level.asked else f"0 of {level.cases}"
        table.add_row(
            level.level,
            Text(level.outcome, style=STYLES.get(level.outcome, FAILURE_STYLE)),
            asked,
            budgets(float(level.worst)) if level.worst_at else "",
            Text(level.worst_at, overflow="fold"),
        )
    return table


def _first(case: CaseReport, console: Console) -> None:
    mismatch = case.outcome is Outcome.MISMATCH and case.differences
    title = "First divergence" if mismatch else "First failure"
    console.print()
    _line(console, f"{title}: {case.slug} ({case.outcome})", style="bold red")
    _line(console, f"  a port {case.about}" if case.about else "")
    if case.differences:
        for line in _difference(case.differences[0]):
            _line(console, f"  {line}")
        rest = [difference.part for difference in case.differences[1:]]
        if rest:
            shown = ", ".join(rest[:6]) + (", …" if len(rest) > 6 else "")
            _line(console, f"  computed from it, so not judged: {shown}", style="dim")
    else:
        _line(console, f"  {case.detail}")
    _line(console, f"  again: {case.rerun}")


def _difference(difference: Difference) -> Iterator[str]:
    yield f"at {difference.pointer}"
    yield f"  expected {difference.expected}"
    yield f"  got      {difference.got}"
    ratio = float(difference.budgets)
    if math.isfinite(ratio):
        yield f"  off by {budgets(ratio)}"
    if difference.values > 1:
        count = f"{difference.wrong} of {difference.values} values are wrong"
        yield f"  {count}, the first at {difference.first}"


def _others(failures: list[CaseReport], console: Console) -> None:
    if not failures:
        return
    console.print("\nOther failures:")
    for case in failures[:FAILURES_SHOWN]:
        because = f"may come from {case.tainted_by}" if case.tainted_by else case.detail
        _line(console, f"  {case.slug} ({case.outcome}): {because}")
    if len(failures) > FAILURES_SHOWN:
        _line(console, f"  and {len(failures) - FAILURES_SHOWN} more; --json lists all")


def _line(console: Console, text: str, style: str = "") -> None:
    """A line as it stands: what a port printed is no markup, and is not coloured by guess."""
    console.print(Text(text, style=style), soft_wrap=True)


def budgets(ratio: float) -> str:
    """A ratio in words: `0.3 of budget`, `4.1e+06 of budget`."""
    if not math.isfinite(ratio):
        return "beyond measure"
    return f"{ratio:.2g} of budget"


@contextmanager
def progress(total: int, console: Console) -> Iterator[Callable[[Result], None]]:
    """A bar that a run's results move, on a terminal; nothing elsewhere."""
    if not console.is_terminal:
        yield lambda _result: None
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda result: bar.update(task, advance=1, description=result.case.slug)
