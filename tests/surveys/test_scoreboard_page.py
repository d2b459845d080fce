"""The scoreboard's page, in a real browser without a network; and its table in a terminal."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from rich.console import Console

from conformance.commands.published_pages import BOARD_SCHEMA
from conformance.surveys.scoreboard.board import Board, encode
from conformance.surveys.scoreboard.board_page import page_of, write_page
from conformance.surveys.scoreboard.board_text import show
from tests.support import boards
from tests.support.browsing import GROUNDS, colour_of, launched, opening

MAKERS: dict[str, Callable[[], Board]] = {
    "full": boards.full_board,
    "passing": boards.passing_board,
    "interrupted": boards.interrupted_board,
    "hostile": boards.hostile_board,
    "empty": boards.empty_board,
}

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as started:
        yield started


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    with opening(browser) as opens:

        def of_board(board: Board, scheme: str = "light", width: int = 1280) -> Page:
            path = tmp_path / "board.html"
            write_page(path, board)
            return opens(path, scheme, width)

        yield of_board


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", MAKERS)
def test_opens_and_is_accessible(opened: Open, name: str, scheme: str) -> None:
    page = opened(MAKERS[name](), scheme)
    assert colour_of(page, "backgroundColor") == GROUNDS[scheme]
    assert page.locator("h1").inner_text() == "Scoreboard"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", MAKERS)
def test_fits_a_telephone(opened: Open, name: str) -> None:
    page = opened(MAKERS[name](), width=400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_board_tells_everything(opened: Open) -> None:
    page = opened(boards.full_board())
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


def test_a_level_says_how_it_ended_in_words_and_by_a_sign(opened: Open) -> None:
    page = opened(boards.full_board())
    head = page.locator("#levels thead th").all_inner_texts()
    row = page.locator("#levels tbody tr").nth(1).locator("th, td").all_inner_texts()
    said = {name: " ".join(text.split()) for name, text in zip(head, row, strict=True)}
    assert said["forward"] == "✓ 12/12 pass"
    assert said["backward"] == "✗ 0/12 mismatch"
    assert said["random"] == "~ 11/12 1 known"
    assert said["replicate"] == "– not offered"


def test_what_is_wrong_and_what_has_changed_is_said(opened: Open) -> None:
    page = opened(boards.full_board())
    wrong, gone = page.locator("#wrong article").all_inner_texts()
    assert "off by 4 of budget at /loss" in wrong
    assert "backward 0/12 mismatch" in wrong
    assert "the build ended with 3: `make`" in gone
    changes = page.locator("#changes").inner_text()
    assert "was 132/132, is 119/132: backward newly fails" in changes
    assert "1 port as before; 1 port recorded for the first time." in changes


def test_a_sparkline_is_drawn_and_told(opened: Open) -> None:
    page = opened(boards.full_board())
    line = page.get_by_role("img", name="3 runs since 2026-01-01: 132/132, 132/132, 119/132 passed")
    assert line.locator("polyline").count() == 1
    assert page.locator(".spark").count() == 2


def test_a_board_that_passes_has_nothing_to_explain(opened: Open) -> None:
    page = opened(boards.passing_board())
    assert "✓ PASS" in page.locator("header").inner_text()
    assert page.locator("h2").all_inner_texts() == ["Standings", "Levels"]


def test_an_interrupted_board_says_so(opened: Open) -> None:
    page = opened(boards.interrupted_board())
    said = page.locator("header").inner_text()
    assert "INTERRUPTED" in said
    assert "This is what was finished when it was interrupted." in said
    assert "– not begun" in page.locator("#standings").inner_text()


def test_hostile_text_is_shown_and_does_nothing(opened: Open) -> None:
    page = opened(boards.hostile_board())
    assert page.evaluate("window.__hacked") is None
    text = page.locator("body").inner_text()
    assert "</th><script>window.__hacked = 1</script>{{ 7 * 7 }}\\u202egnp.exe\\x1b[31m" in text
    assert not re.search("[\u202e\x1b]", page.content())
    assert page.locator("script").count() == 0


def test_a_page_runs_no_script_and_asks_the_network_for_nothing() -> None:
    page = html.unescape(page_of(boards.full_board()))
    assert "script-src 'none'" in page
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize("name", MAKERS)
def test_the_json_obeys_its_published_schema(name: str) -> None:
    jsonschema.validate(json.loads(encode(MAKERS[name]())), json.loads(BOARD_SCHEMA.read_text()))


def test_the_table_in_a_terminal_has_a_line_for_each_port() -> None:
    out = io.StringIO()
    show(boards.full_board(), Console(file=out, width=60))
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["port", "rust", "as-it-is", "wrong", "gone"]
    assert "  wrong                     backward 0/12 mismatch" in lines
    assert "  wrong                     random 11/12, 1 known" in lines
    assert "  wrong                     was 132/132, is 119/132: backward newly fails" in lines
    assert lines[-1] == "FAIL: 2 of 4 ports pass. Seed 5."
