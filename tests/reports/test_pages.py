"""All pages of the suite: one template, in a real browser without a network."""

import html
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from conformance.judging.outcome import Outcome
from conformance.reports.page.debug_page import page_of
from conformance.surveys.benchmark import benchmark_page
from conformance.surveys.benchmark.measurement import Speed
from conformance.surveys.scoreboard import board_page
from conformance.surveys.stages.stage_losses import Curve
from conformance.surveys.stages.stages_page import written
from reference.profiles import STAGES
from tests.support import boards, diagnoses
from tests.support.browsing import GROUNDS, Open, check_accessible, ground_of, width_of

needs_browser = pytest.mark.needs("chromium")

HOSTILE = "<script>window.__hacked = 1</script>"
SPEEDS = [
    Speed("rust", start_up=0.01, step=0.0004, memory=5 << 20),
    Speed(HOSTILE, start_up=0.2, step=0.1, memory=200 << 20),
    Speed("absent", why=f"left out: {HOSTILE}"),
    Speed("the reference", start_up=0.1, step=0.2, memory=30 << 20),
]
CURVES = [
    Curve(stage, 4192, tuple(2.4 + math.exp(-n / 50) + k / 30 for n in range(300)), ("ada", "li"))
    for k, stage in enumerate(STAGES)
]

FOUR: dict[str, Callable[[], str]] = {
    "debug": lambda: page_of(diagnoses.failed_story(2), ["> {}", "< {}"]),
    "scoreboard": lambda: board_page.page_of(boards.full_board()),
    "stages": lambda: written(Path("stages.html"), CURVES, HOSTILE).decode(),
    "benchmark": lambda: benchmark_page.page_of(SPEEDS),
}
LIMITS: dict[str, Callable[[], str]] = {
    "a run that passed": lambda: page_of(diagnoses.passed_story()),
    "nothing asked": lambda: page_of(diagnoses.empty_story()),
    "numbers that are not finite": lambda: page_of(diagnoses.unfinite_story()),
    "hostile run": lambda: page_of(diagnoses.hostile_story()),
    "interrupted board": lambda: board_page.page_of(boards.interrupted_board()),
    "hostile board": lambda: board_page.page_of(boards.hostile_board()),
    "no port": lambda: board_page.page_of(boards.empty_board()),
    "nothing measured": lambda: benchmark_page.page_of(SPEEDS[2:3]),
}


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("name", FOUR)
def test_a_page_is_accessible_in_both_schemes_and_fits_a_telephone(opened: Open, name: str) -> None:
    page = opened(FOUR[name]())
    assert page.locator("h1").count() == 1
    assert page.title().endswith(" – microgpt conformance")
    assert ground_of(page) == GROUNDS["light"]
    check_accessible(page)
    page.emulate_media(color_scheme="dark")
    assert ground_of(page) == GROUNDS["dark"]
    check_accessible(page, runOnly=["color-contrast"])
    page.set_viewport_size({"width": 390, "height": 800})
    assert width_of(page) <= 390


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("name", LIMITS)
def test_a_page_at_its_limits_is_accessible_and_fits_a_telephone(opened: Open, name: str) -> None:
    page = opened(LIMITS[name](), width=390)
    assert width_of(page) <= 390
    check_accessible(page, rules={"color-contrast": {"enabled": False}})
    assert page.evaluate("window.__hacked") is None


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("name", FOUR)
def test_a_page_is_used_by_keyboard_and_printed(opened: Open, name: str) -> None:
    page = opened(FOUR[name](), "dark")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert "solid 3px" in page.evaluate("getComputedStyle(document.activeElement).outline")
    page.emulate_media(media="print")
    assert ground_of(page) == GROUNDS["light"]
    assert not page.locator("nav").is_visible()
    assert page.locator("main").is_visible()


@pytest.mark.parametrize("name", [*FOUR, "a run that passed"])
def test_only_the_script_of_a_page_may_run_and_nothing_is_fetched(name: str) -> None:
    text = (FOUR | LIMITS)[name]()
    scripts = len(re.findall("<script>", text))
    allowed = re.findall(r"script-src ([^;]*);", html.unescape(text))
    assert "default-src 'none';" in html.unescape(text)
    assert scripts == (1 if name in ("debug", "a run that passed") else 0)
    assert len(allowed) == 1
    assert re.fullmatch(r"'sha256-[\w+/=]+'" if scripts else "'none'", allowed[0])
    plain = re.sub(r"(?s)<script.*?</script>", "", text)
    assert not re.search(r'(src|href)="(?!#|data:)|url\((?!#)', plain)
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text


@pytest.mark.slow
def test_the_largest_page_has_less_than_a_megabyte_and_a_half() -> None:
    story = diagnoses.failed_story()
    maps = [diagnoses.error_map(f"/grads/w{n}", (64, 64), n) for n in range(10)]
    report = diagnoses.report_of(dict.fromkeys(diagnoses.SLUGS, Outcome.MISMATCH))
    report = structs.replace(report, cases=report.cases * 20)
    large = structs.replace(story, report=report, maps=maps, curves=[diagnoses.loss_curves(1000)])
    text = page_of(large, ["x" * 1000] * 1000)
    assert 1_000_000 < len(text.encode()) < 1_500_000
    assert "smaller maps did not fit on this page" in text
    assert "/grads/w3 " in text


@pytest.mark.slow
@needs_browser
def test_the_faster_a_program_the_longer_its_bar_on_an_axis_of_decades(opened: Open) -> None:
    page = opened(FOUR["benchmark"]())
    rows = page.locator(".speeds tbody tr")
    assert rows.locator("th").all_inner_texts() == ["rust", HOSTILE, "the reference"]
    widths = [float(str(bar.get_attribute("width"))) for bar in rows.locator("rect").all()]
    assert page.locator(".decades span").all_inner_texts() == ["1", "10", "100", "1,000", "10,000"]
    assert widths == [84.9, 25.0, 17.5]
    assert "500×" in rows.first.inner_text()


@pytest.mark.slow
@needs_browser
def test_every_stage_has_a_line_with_a_name_and_dashes_of_its_own(opened: Open) -> None:
    page = opened(FOUR["stages"]())
    lines = page.locator(".chart g.line")
    assert len({line.get_attribute("stroke-dasharray") for line in lines.all()}) == len(STAGES)
    names = page.locator(".chart .name").all_text_contents()
    assert sorted(name.partition(":")[0] for name in names) == [s.name for s in STAGES]
    assert page.locator("tbody tr").count() == len(STAGES)
