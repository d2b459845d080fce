"""The scoreboard's page: no script, nothing to fetch, in the look of the page of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from conformance.judging.outcome import ExitCode
from conformance.reports.page import shell
from conformance.reports.page.visible_text import counted
from golden.store import replace_file

from .board import FIRST, UNCHANGED, Board, Cell, Ending, Row
from .board_text import ratio, sign
from .sparkline import HEIGHT, WIDTH, sparkline_of

HERE = Path(__file__).parent
MEBIBYTE = 1 << 20


def write_page(path: Path, board: Board) -> None:
    """Put the page of a scoreboard at `path`, in one step.

    Raises:
        OSError: the file cannot be written.
    """
    replace_file(path, page_of(board).encode())


def page_of(board: Board) -> str:
    """One HTML document, with its style and drawings in it."""
    measured = [row for row in board.rows if row.training and row.training.step]
    measured.sort(key=lambda row: row.training.step if row.training else math.inf)
    wrong = [row for row in board.rows if row.ending is not Ending.PASS]
    changed = [row for row in board.rows if row.has_changed]
    alike = list(_alike(board))
    sections = {
        "standings": "Standings",
        "levels": "Levels" if board.levels else "",
        "wrong": "What is wrong" if wrong else "",
        "changes": "Since the last record" if changed or alike else "",
        "speeds": "Speeds" if any(row.training for row in board.rows) else "",
        "absent": "Left out" if board.left_out else "",
    }
    environment = shell.environment(HERE)
    environment.filters |= {"mark": sign, "tone": _tone, "cell_tone": _cell_tone, "times": ratio}
    return environment.get_template("board.html.j2").render(
        board=board,
        word=_word(board),
        shown={id_: title for id_, title in sections.items() if title},
        wrong=wrong,
        changed=changed,
        alike=alike,
        measured=measured,
        unmeasured=[row for row in board.rows if row.training and not row.training.step],
        lengths={row.label: _length(row, measured) for row in measured},
        sparklines={row.label: sparkline_of(row.history) for row in board.rows},
        has_history=any(row.history for row in board.rows),
        spark=(WIDTH, HEIGHT),
        mebibyte=MEBIBYTE,
        policy=shell.policy(),
        css=Markup(f"{_style(shell.HERE / 'page.css')}\n{_style(HERE / 'board.css')}"),
    )


def _alike(board: Board) -> Iterator[str]:
    """How many ports have no change to tell of, and why."""
    for change, words in ((UNCHANGED, "as before"), (FIRST, "recorded for the first time")):
        if number := sum(row.change == change for row in board.rows):
            yield f"{counted(number, 'port')} {words}"


def _style(path: Path) -> str:
    return shell.content_of(path)


def _word(board: Board) -> str:
    words = {ExitCode.PASS: "PASS", ExitCode.INTERRUPTED: "INTERRUPTED"}
    return words.get(board.exit_code, "FAIL")


def _tone(ending: Ending) -> str:
    """An ending as a class."""
    if ending is Ending.PASS:
        return "right"
    return "wrong" if ending.is_final else "unasked"


def _cell_tone(cell: Cell) -> str:
    """A level as a class; what fails as expected is neither right nor wrong."""
    return "known" if cell.is_known else shell.css(cell.outcome)


def _length(row: Row, measured: list[Row]) -> float:
    """How long a port's bar is, of 100: the fastest fills it, on a logarithmic scale."""
    steps = [other.training.step for other in measured if other.training]
    assert row.training
    spread = math.log(max(steps) / min(steps)) or 1.0
    return round(100 - 88 * math.log(row.training.step / min(steps)) / spread, 1)
