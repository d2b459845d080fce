"""The scoreboard's page: how ports stand, level by level, and how fast they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.judging.outcome import ExitCode
from conformance.reports.page import shell
from conformance.reports.page.visible_text import counted

from ..benchmark.measurement import Speed
from ..benchmark.speed_table import decades, speed_rows
from .board import FIRST, UNCHANGED, Board, Cell, Ending
from .board_text import ratio, sign
from .sparkline import HEIGHT, WIDTH, sparkline_of

HERE = Path(__file__).parent


def page_of(board: Board) -> str:
    """One HTML document, with its style and drawings in it."""
    word = board.exit_code.word
    counts = f"{board.passing} of {counted(len(board.rows), 'port')}"
    stopped = " This is what was finished when it was interrupted." if board.was_interrupted else ""
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
    return shell.render(
        "board.html.j2",
        HERE,
        title=f"{word}: {counts}",
        heading="Scoreboard",
        verdict=shell.Verdict(board.exit_code is ExitCode.PASS, word, f"{counts} pass.{stopped}"),
        facts=_facts(board),
        sections={id_: title for id_, title in sections.items() if title},
        board=board,
        ranks=board.ranks,
        wrong=wrong,
        changed=changed,
        alike=alike,
        unmeasured=[row for row in board.rows if row.training and not row.training.step],
        sparklines={row.label: sparkline_of(row.history) for row in board.rows},
        has_history=any(row.history for row in board.rows),
        spark=(WIDTH, HEIGHT),
        tone=_tone,
        cell_tone=_cell_tone,
        mark=sign,
        times=ratio,
        **_speeds(board),
    )  # fmt: skip


def _facts(board: Board) -> list[tuple[str, Any]]:
    return [
        ("When", board.date.replace("T", " ").replace("Z", " UTC")),
        ("Program", board.profile or "microgpt, or what a port offers"),
        ("Cases", ", ".join(board.patterns) or "all"),
        ("Seed", board.seed),
        ("Edition", board.edition),
        ("Took", f"{board.seconds:.1f} s"),
    ]


def _speeds(board: Board) -> dict[str, Any]:
    measured = [
        Speed(row.label, row.training.start_up, row.training.step, row.training.memory)
        for row in board.rows
        if row.training and row.training.step
    ]
    return {
        "decades": decades(measured),
        "measured": speed_rows(measured, board.reference_step),
    }


def _alike(board: Board) -> Iterator[str]:
    """How many ports have no change to report, and why."""
    for change, words in ((UNCHANGED, "as before"), (FIRST, "recorded for the first time")):
        if number := sum(row.change == change for row in board.rows):
            yield f"{counted(number, 'port')} {words}"


def _tone(ending: Ending) -> str:
    """The CSS class of an ending."""
    if ending is Ending.PASS:
        return "right"
    return "wrong" if ending.is_final else "unasked"


def _cell_tone(cell: Cell) -> str:
    """The CSS class of a level; what fails as expected is neither right nor wrong."""
    return "known" if cell.is_known else shell.css(cell.outcome)
