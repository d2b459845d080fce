"""The rows of a scoreboard, and the scoreboard as JSON and as a table in a terminal."""

import json
from collections.abc import Callable

import jsonschema
import pytest

from conformance.anatomy.levels import Level
from conformance.commands.published_pages import BOARD_SCHEMA
from conformance.judging.outcome import Outcome
from conformance.surveys.scoreboard.board import Board, Cell, Ending, Row, best_first
from conformance.surveys.scoreboard.board_text import show
from golden.json_documents import encoded
from tests.support import boards
from tests.support.suite import printed

MAKERS: dict[str, Callable[[], Board]] = {
    "full": boards.full_board,
    "passing": boards.passing_board,
    "interrupted": boards.interrupted_board,
    "hostile": boards.hostile_board,
    "empty": boards.empty_board,
}


@pytest.mark.parametrize("name", MAKERS)
def test_the_json_obeys_its_published_schema(name: str) -> None:
    jsonschema.validate(json.loads(encoded(MAKERS[name]())), json.loads(BOARD_SCHEMA.read_text()))


def test_the_table_in_a_terminal_has_a_line_for_each_port() -> None:
    lines = printed(show, boards.full_board()).splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["port", "rust", "as-it-is", "wrong", "gone"]
    assert "  wrong                 backward 0/12 mismatch" in lines
    assert "  wrong                 random 11/12, 1 known" in lines
    assert "  wrong                 was 132/132, is 119/132: backward newly fails" in lines
    assert lines[-1] == "FAIL: 2 of 4 ports pass. Seed 5."


def test_rows_are_sorted_best_first() -> None:
    def row(label: str, ending: Ending, passed: int = 0, worst: float = 0.0) -> Row:
        return Row(label=label, ending=ending, passed=passed, worst=worst)

    rows = [
        row("exact", Ending.PASS, 10, 0.1), row("less exact", Ending.PASS, 10, 0.4),
        row("small", Ending.PASS, 3), row("nearly", Ending.FAIL, 9), row("hung", Ending.TIMEOUT, 4),
        row("broken", Ending.UNUSABLE), row("later", Ending.NOT_BEGUN),
    ]  # fmt: skip
    assert best_first([*rows[3:], *rows[:3]]) == rows


def test_a_level_whose_failures_are_all_known_is_not_failing() -> None:
    known = Cell(Level.LAYERS, Outcome.MISMATCH, 9, 10, 1, 3.0)
    counts = Cell(Level.FORWARD, Outcome.MISMATCH, 8, 10, 1, 3.0)
    assert Row(label="p", ending=Ending.FAIL, levels=[known, counts]).failing == [counts]
