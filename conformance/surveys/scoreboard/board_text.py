"""The scoreboard in a terminal: a line as each port is done, and the table at the end."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from conformance.judging.outcome import ExitCode
from conformance.reports.terminal.run_text import FAILURE_STYLE, budgets, line
from ports_adapter.quoting import printable

from ..benchmark.measurement import Speed
from ..benchmark.speed_table import times
from .board import Board, Ending, Row

LABEL = 24
"""Characters of a port's name in the table; what is longer has its end shown."""


def sign(ending: Ending) -> str:
    """An ending without colour."""
    if ending is Ending.PASS:
        return "✓"
    return "✗" if ending.is_final else "–"


def note_row(row: Row, place: str, console: Console) -> None:
    """Say that a port is done, and which of how many it is."""
    what = f": {row.passed}/{row.asked} {row.unit}" if row.asked else ""
    words = f"[{place}] {row.label}: {row.ending}{what}, {row.seconds:.1f} s"
    line(console, words, style=_style(row.ending))


def note_speed(name: str, speed: Speed, console: Console) -> None:
    """Say that a port's speed was measured."""
    said = f"{1000 * speed.step:.3g} ms a step" if speed.step else printable(speed.why, 200)
    line(console, f"measured {printable(name, 200)}: {said}")


def show(board: Board, console: Console) -> None:
    """Print the table, what is wrong, what has changed, and how many ports pass."""
    for text in _table(board):
        console.print(text, soft_wrap=True)
    for heading, lines in (
        ("What is wrong:", [said for row in board.rows for said in _wrong(row)]),
        ("Since the last record:", list(_changes(board))),
        ("Left out:", [f"  {_cut(n):{LABEL}}  {why}" for n, why in board.left_out.items()]),
    ):
        if lines:
            console.print(f"\n{heading}")
            for words in lines:
                line(console, words)
    console.print()
    style = "bold green" if board.exit_code is ExitCode.PASS else "bold red"
    line(console, verdict(board), style=style)


def verdict(board: Board) -> str:
    """How many ports pass, in one line."""
    word = {ExitCode.PASS: "PASS", ExitCode.INTERRUPTED: "INTERRUPTED"}.get(board.exit_code, "FAIL")
    return f"{word}: {board.passing} of {len(board.rows)} ports pass. Seed {board.seed}."


def ratio(row: Row) -> str:
    """How many times as fast as the reference a port trains, or nothing."""
    return times(row.training.ratio) if row.training else ""


def _table(board: Board) -> Iterator[Text]:
    heading = f"{'port':{LABEL}}  {'verdict':18}{'passed':>9}  {'worst error':18}{'time':>8}"
    yield Text(heading + f"{'speed':>10}  grade", style="dim")
    for row in board.rows:
        counts = f"{row.passed}/{row.asked}" if row.asked else ""
        worst = budgets(float(row.worst)) if row.has_worst else ""
        took = f"{row.seconds:.1f} s" if row.exit_code is not None else ""
        yield Text.assemble(
            f"{_cut(row.label):{LABEL}}  ",
            (f"{sign(row.ending)} {row.ending:16}", _style(row.ending)),
            f"{counts:>9}  {worst:18}{took:>8}{ratio(row):>10}",
            f"  {row.grade}" if row.ending is Ending.PASS and row.grade else "",
        )


def _wrong(row: Row) -> Iterator[str]:
    """What keeps a port from passing, and which failures are known."""
    failing = ", ".join(f"{c.level} {c.passed}/{c.asked} {c.outcome}" for c in row.failing)
    known = ", ".join(
        f"{c.level} {c.passed}/{c.asked}, {c.known} known" for c in row.levels if c.is_known
    )
    reasons = [row.why, failing, known]
    if row.kind == "program" and row.ending is not Ending.PASS:
        reasons += [row.verdict, *row.log]
    for reason in filter(None, reasons):
        yield f"  {_cut(row.label):{LABEL}}  {reason}"


def _changes(board: Board) -> Iterator[str]:
    for row in board.rows:
        if row.has_changed:
            yield f"  {_cut(row.label):{LABEL}}  {row.change}"


def _cut(label: str) -> str:
    return label if len(label) <= LABEL else "…" + label[1 - LABEL :]


def _style(ending: Ending) -> str:
    if ending is Ending.PASS:
        return "green"
    return FAILURE_STYLE if ending.is_final else "yellow"
