"""The scoreboard's page, in a real browser without a network."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from conformance.surveys.scoreboard.board import Board, Ending, best_first
from conformance.surveys.scoreboard.board_page import page_of
from tests.support import boards
from tests.support.browsing import Open

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

Show = Callable[[Board], Page]
WRONG_BY = {"d": 4.11e6, "e": 4.08e6, "f": 4.2e6, "g": "Infinity"}


@pytest.fixture
def shown(opened: Open) -> Show:
    return lambda board: opened(page_of(board))


def test_a_board_tells_everything(shown: Show) -> None:
    page = shown(boards.full_board())
    assert "FAIL" in page.locator("header").inner_text()
    assert "2 of 4 ports pass" in page.locator("header").inner_text()
    assert page.locator("h2").all_inner_texts() == [
        "Standings", "Levels", "What is wrong", "Since the last record", "Speeds", "Left out",
    ]  # fmt: skip
    rust, program, wrong, gone = page.locator("#standings tbody tr").all_inner_texts()
    assert re.search(r"rust\s.*✓ pass\s+132/132\s+0.48\s.*within 4 ulp.*512×", rust, re.S)
    assert "about microgpt, offers 2 more" in rust
    assert re.search(r"✓ pass\s+3/3\s+checks", program)
    assert re.search(r"✗ fail\s+119/132\s+1 known\s+beyond measure", wrong)
    assert re.search(r"✗ unusable\s+–", gone)
    assert page.locator("#speeds tbody tr").count() == 2
    assert "gone was not measured" in page.locator("#speeds").inner_text()
    assert "swift is not installed" in page.locator("#absent").inner_text()


def test_a_level_says_how_it_ended_in_words_and_by_a_sign(shown: Show) -> None:
    page = shown(boards.full_board())
    head = page.locator("#levels thead th").all_inner_texts()
    row = page.locator("#levels tbody tr").nth(1).locator("th, td").all_inner_texts()
    said = {name: " ".join(text.split()) for name, text in zip(head, row, strict=True)}
    assert said["forward"] == "✓ 12/12 pass"
    assert said["backward"] == "✗ 0/12 mismatch"
    assert said["random"] == "~ 11/12 1 known"
    assert said["replicate"] == "– not offered"


def test_what_is_wrong_and_what_has_changed_is_said(shown: Show) -> None:
    page = shown(boards.full_board())
    wrong, gone = page.locator("#wrong article").all_inner_texts()
    assert "off by 4 of budget at /loss" in wrong
    assert "backward 0/12 mismatch" in wrong
    assert "the build ended with 3: `make`" in gone
    changes = page.locator("#changes").inner_text()
    assert "was 132/132, is 119/132: backward newly fails" in changes
    assert "1 port as before; 1 port recorded for the first time." in changes


def test_a_sparkline_is_drawn_and_told(shown: Show) -> None:
    page = shown(boards.full_board())
    line = page.get_by_role("img", name="3 runs since 2026-01-01: 132/132, 132/132, 119/132 passed")
    assert line.locator("polyline").count() == 1
    assert page.locator(".spark").count() == 2


def test_a_board_that_passes_has_nothing_to_explain(shown: Show) -> None:
    page = shown(boards.passing_board())
    assert "✓ PASS" in page.locator("header").inner_text()
    assert page.locator("h2").all_inner_texts() == ["Standings", "Levels"]


def test_an_interrupted_board_says_so(shown: Show) -> None:
    page = shown(boards.interrupted_board())
    said = page.locator("header").inner_text()
    assert "INTERRUPTED" in said
    assert "This is what was finished when it was interrupted." in said
    assert "– not begun" in page.locator("#standings").inner_text()


def test_hostile_text_is_shown_and_does_nothing(shown: Show) -> None:
    page = shown(boards.hostile_board())
    assert page.evaluate("window.__hacked") is None
    text = page.locator("body").inner_text()
    assert "</th><script>window.__hacked = 1</script>{{ 7 * 7 }}\\u202egnp.exe\\x1b[31m" in text
    assert not re.search("[\u202e\x1b]", page.content())
    assert page.locator("script").count() == 0


def test_ports_within_rounding_of_each_other_share_a_rank(shown: Show) -> None:
    rows = [boards.row("a", worst=0.1), boards.row("b", worst=0.9), boards.row("c", passed=130)]
    rows += [
        boards.row(name, ending=Ending.FAIL, passed=9, worst=w) for name, w in WRONG_BY.items()
    ]
    board = boards.board(*best_first(reversed(rows)))
    page = shown(board)
    ranks = page.locator("#standings .rank").all_inner_texts()
    names = [row.label for row in board.rows]
    assert list(zip(names, ranks, strict=True)) == [
        ("a", "1"), ("b", "1"), ("c", "3"), ("d", "4"), ("e", "4"), ("f", "6"), ("g", "7"),
    ]  # fmt: skip
    worst = page.locator("#standings tbody tr td:nth-child(5)").all_inner_texts()
    assert worst[3:] == ["4.1e+06", "4.1e+06", "4.2e+06", "beyond measure"]
