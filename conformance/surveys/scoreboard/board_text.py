"""The scoreboard in a terminal: a line as each port is done, and the table at the end."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.reports.terminal.run_text import FAILURE_STYLE, budgets, short_grade, verdict_style
from conformance.reports.terminal.safe_console import columns, put
from ports_adapter.quoting import printable

from ..benchmark.measurement import Speed
from ..benchmark.speed_table import times
from .board import Board, Ending, Row

LABEL = 20
"""Characters of a port's name in the table; of a longer one the end is shown."""


def sign(ending: Ending) -> str:
    """An ending as one character."""
    if ending is Ending.PASS:
        return "✓"
    return "✗" if ending.is_final else "–"


def note_row(row: Row, place: str, console: Console) -> None:
    """Say that a port is done; `place` says how many of all are."""
    what = f": {row.passed}/{row.asked} {row.unit}" if row.asked else ""
    words = f"[{place}] {_cut(row.label)}: {row.ending}{what}, {row.seconds:.1f} s"
    put(console, words, _style(row.ending))


def note_speed(name: str, speed: Speed, console: Console) -> None:
    """Say that a port's speed was measured."""
    said = f"{1000 * speed.step:.3g} ms a step" if speed.step else printable(speed.why, 200)
    put(console, f"measured {_cut(printable(name, 200))}: {said}")


def show(board: Board, console: Console) -> None:
    """Print the table, what is wrong, what has changed, and how many ports pass."""
    console.print(_table(board))
    for heading, lines in (
        ("What is wrong:", [(row.label, why) for row in board.rows for why in _wrong(row)]),
        ("Since the last record:", [(r.label, r.change) for r in board.rows if r.has_changed]),
        ("Left out:", list(board.left_out.items())),
    ):
        if lines:
            console.print(f"\n{heading}")
        for label, words in lines:
            put(console, words, first=f"  {_cut(label):{LABEL}}  ")
    console.print()
    put(console, verdict(board), verdict_style(board.exit_code))


def verdict(board: Board) -> str:
    """How many ports pass, in one line."""
    ports = f"{board.passing} of {len(board.rows)} ports pass"
    return f"{board.exit_code.word}: {ports}. Seed {board.seed}."


def ratio(row: Row) -> str:
    """How many times as fast as the reference a port trains, or nothing."""
    return times(row.training.ratio) if row.training else ""


def _table(board: Board) -> Table:
    table = columns("port", "verdict", ">passed", "worst error", ">time", ">speed", "grade")
    for row in board.rows:
        table.add_row(
            _cut(row.label),
            Text(f"{sign(row.ending)} {row.ending}", _style(row.ending)),
            f"{row.passed}/{row.asked}" if row.asked else "",
            budgets(float(row.worst)) if row.has_worst else "",
            f"{row.seconds:.1f} s" if row.exit_code is not None else "",
            ratio(row),
            short_grade(row.grade) if row.ending is Ending.PASS else "",
        )
    return table


def _wrong(row: Row) -> Iterator[str]:
    """What keeps a port from passing, and which failures are known."""
    failing = ", ".join(f"{c.level} {c.passed}/{c.asked} {c.outcome}" for c in row.failing)
    known = ", ".join(
        f"{c.level} {c.passed}/{c.asked}, {c.known} known" for c in row.levels if c.is_known
    )
    reasons = [row.why, failing, known]
    if row.kind == "program" and row.ending is not Ending.PASS:
        reasons += [row.verdict, *row.log]
    yield from filter(None, reasons)


def _cut(label: str) -> str:
    return label if len(label) <= LABEL else "…" + label[1 - LABEL :]


def _style(ending: Ending) -> str:
    if ending is Ending.PASS:
        return "green"
    return FAILURE_STYLE if ending.is_final else "yellow"
