"""The page, in a real browser without a network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from conformance.explanation.diagnosis import Diagnosis, NamedMistake
from conformance.reports.page import write_page
from conformance.reports.page.visible_text import of_budget
from tests.support import diagnoses
from tests.support.browsing import GROUNDS, colour_of, launched, opening
from tests.support.suite import oracle_port, run_suite

MAKERS: dict[str, Callable[[], Diagnosis]] = {
    "failed": diagnoses.failed_story,
    "two layers": lambda: diagnoses.failed_story(2),
    "passed": diagnoses.passed_story,
    "empty": diagnoses.empty_story,
    "unfinite": diagnoses.unfinite_story,
    "hostile": diagnoses.hostile_story,
}
TRANSCRIPT = ['> {"id": 1}', "< </pre><script>window.__hacked = 4</script>", "x" * 5000]

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as started:
        yield started


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a diagnosis; nothing may be asked of the network, or complained of."""
    with opening(browser) as opens:

        def of_story(diagnosis: Diagnosis, scheme: str = "light", width: int = 1280) -> Page:
            path = tmp_path / "page.html"
            write_page(path, diagnosis, TRANSCRIPT)
            return opens(path, scheme, width)

        yield of_story


def hover_text(page: Page) -> str:
    return str(page.locator("#map .hovertext").text_content())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", MAKERS)
def test_opens_and_is_accessible(opened: Open, name: str, scheme: str) -> None:
    page = opened(MAKERS[name](), scheme)
    assert colour_of(page, "backgroundColor") == GROUNDS[scheme]
    assert page.locator("h1").count() == 1
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", MAKERS)
def test_fits_a_telephone(opened: Open, name: str) -> None:
    page = opened(MAKERS[name](), width=400)
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_failed_run_tells_everything(opened: Open) -> None:
    diagnosis = diagnoses.failed_story()
    page = opened(diagnosis)
    text = page.locator("body").inner_text()
    assert "FAIL" in page.locator("header").inner_text()
    assert "Explains 4,192 of 4,192 numbers, the worst at 0.4 of budget" in text
    assert diagnosis.divergence
    for said in (
        diagnosis.divergence.place.words,
        *diagnosis.divergence.evidence,
        *diagnosis.symptoms,
    ):
        assert said in text
    for told in (
        diagnosis.names[0].titles,
        diagnosis.names[0].mend,
        diagnosis.names[0].experiments,
    ):
        assert told[0] in text
    titles = page.locator("h2").all_inner_texts()
    assert titles == [
        "The mistake", "First divergence", "Data flow", "Heat maps", "Losses", "Levels",
        "Failed cases", "The smallest case", "Transcript",
    ]  # fmt: skip
    rows = page.locator("#levels tbody tr").all_inner_texts()
    assert len(rows) == len(diagnosis.report.levels)
    assert any(re.search(r"backward\s+✗ mismatch\s+0/1\s+1.4e\+14", row) for row in rows)
    assert page.locator("#failed table").first.locator("tbody tr").count() == 1
    page.get_by_text("2 cases that may come from an earlier one").click()
    assert page.get_by_text("make conform PORT=swift CASE=train/cold-start").count() == 1


def test_a_run_that_passed_has_nothing_to_explain(opened: Open) -> None:
    page = opened(diagnoses.passed_story())
    assert "PASS" in page.locator("header").inner_text()
    assert page.locator("h2").all_inner_texts() == ["Data flow", "Levels", "Transcript"]
    assert "Everything that was judged is right." in page.locator("#flow").inner_text()
    assert page.locator(".flow .part.right").count() == page.locator(".flow .part").count()
    assert "plotly" not in page.content()


def test_no_name_is_said_honestly(opened: Open) -> None:
    diagnosis = msgspec.structs.replace(diagnoses.failed_story(), names=[])
    said = opened(diagnosis).locator("#mistake").inner_text()
    assert "None of the known mistakes has these numbers." in said
    assert diagnosis.symptoms[0] in said


def test_twins_and_mistakes_at_once(opened: Open) -> None:
    one = diagnoses.failed_story().names[0]
    both = NamedMistake(
        ["a", "b"], ["Alpha", "Beta"], ["what a", "what b"], ["why a"], ["mend a", "mend b"],
        10, 12, 0.5, [], [],
    )  # fmt: skip
    page = opened(msgspec.structs.replace(diagnoses.failed_story(), names=[both, one]))
    said = page.locator("#mistake").inner_text()
    assert "These 2 cannot be told apart" in said
    assert said.index("Alpha") < said.index("Beta") < said.index("mend b") < said.index("10 of 12")
    assert page.locator("#mistake-title").inner_text() == "The mistakes"


def test_the_first_wrong_place_is_marked(opened: Open) -> None:
    page = opened(diagnoses.failed_story(2))
    flow = page.locator("svg.flow")
    assert flow.locator(".is-first").count() == 1
    assert "layer1.attn_scores: value right, grad first wrong" in str(
        flow.locator(".is-first title").text_content()
    )
    assert "first wrong" in str(flow.locator(".flag").text_content())
    assert "layer1.attn_scores" in str(flow.locator("desc").text_content())
    assert flow.locator(".frame").count() == 2


def test_the_map_is_chosen_by_keyboard(opened: Open) -> None:
    page = opened(diagnoses.failed_story())
    page.locator("#map .plot-container").wait_for()
    says = page.locator("#map-says")
    assert "/intermediate_grads/layer0.attn_scores; 5 × 4 × 5 numbers" in says.inner_text()
    page.locator("#map-choice").focus()
    page.keyboard.press("Home")
    assert "/grads/wte; 27 × 16 numbers" in says.inner_text()
    page.keyboard.press("ArrowDown")
    assert "/grads/layer0.attn_wq; 16 × 16" in says.inner_text()
    assert page.evaluate("document.getElementById('map').data[0].z.length") == 16
    assert page.locator("#map .plot-container").count() == 1
    assert page.locator("#map-steps").is_hidden()


def test_steps_are_gone_through_by_keyboard(opened: Open) -> None:
    page = opened(diagnoses.failed_story())
    page.locator("#map-choice").focus()
    page.keyboard.press("End")
    says = page.locator("#map-says")
    assert "/steps/0/weights/lm_head; step 1 of the training" in says.inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "map-step"
    page.keyboard.press("ArrowRight")
    assert "/steps/1/weights/lm_head; step 2 of" in says.inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "/steps/2/weights/lm_head; step 3 of" in says.inner_text()
    page.keyboard.press("Enter")
    assert page.locator("#map-after").is_disabled()


def test_numbers_show_on_hover_and_to_the_keyboard(opened: Open) -> None:
    diagnosis = diagnoses.failed_story()
    page = opened(diagnosis)
    page.locator("#map-choice").select_option("0")
    page.locator("#map .plot-container").wait_for()
    wrong = page.evaluate("document.getElementById('map').data[0].hovertext[14][2]")
    first = diagnosis.maps[0]
    at = 14 * 16 + 2
    lines = ["/grads/wte/14/2", f"expected {first.expected[at]}", f"{first.got[at]}"]
    assert all(line in wrong for line in lines)
    page.locator("#map").focus()
    page.keyboard.press("Home")
    assert "/grads/wte/14/2" in hover_text(page)
    assert of_budget(first.errors[at]) in hover_text(page)
    page.keyboard.press("ArrowLeft")
    said = page.locator("#map-number").text_content()
    assert f"/grads/wte/14/1, expected {first.expected[at - 1]}" in str(said)
    page.keyboard.press("Escape")
    box = page.locator("#map .nsewdrag").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.5 / 16, box["y"] + box["height"] * 0.5 / 27)
    page.locator("#map .hovertext").wait_for()
    assert f"expected {first.expected[0]}" in hover_text(page)


def test_the_theme_changes_with_the_system(opened: Open) -> None:
    page = opened(diagnoses.failed_story())
    page.locator("#curve .plot-container").wait_for()
    for scheme, text in (("dark", "#e7ebf0"), ("light", "#1b2028")):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert colour_of(page, "backgroundColor") == GROUNDS[scheme]
        for plot in ("map", "curve"):
            page.wait_for_function(
                "([plot, text]) => document.getElementById(plot).layout.font.color === text",
                arg=[plot, text],
            )


def test_hostile_text_is_shown_and_does_nothing(opened: Open) -> None:
    page = opened(diagnoses.hostile_story())
    for button in page.locator("summary").all():
        if button.is_visible():
            button.click()
    page.locator("#map").focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(200)
    assert page.evaluate("window.__hacked") is None
    text = page.locator("body").inner_text()
    for said in (
        "</script><script>window.__hacked = 1</script>",
        "{{ 7 * 7 }}{% raw %}",
        "\\u202egnp.exe\\x07\\x1b[31m\\x00",
        "<!--<script> \\u2028",
        "\\ud800 %{y} <b>",
    ):
        assert said in text
    assert "<b>bold</b>" in hover_text(page)
    assert page.locator("main a, main img, main b, main script").count() == 0
    assert not re.search("[\u202e\u2028\x00-\x08\x1b]", text)


def test_what_is_not_finite_is_shown(opened: Open) -> None:
    page = opened(diagnoses.unfinite_story())
    assert (
        "3 of 4 outside of budget; worst beyond measure" in page.locator("#map-says").inner_text()
    )
    z = page.evaluate("document.getElementById('map').data[0].z[0]")
    assert z == [3, 3, 3, -3]
    rows = page.locator("#map-worst tbody tr").all_text_contents()
    assert [re.search("NaN|-?Infinity", row) is not None for row in rows] == [True] * 3 + [False]
    assert "3 outside of the envelope" in page.locator("#curve-says").inner_text()


def test_losses_have_their_envelope(opened: Open) -> None:
    page = opened(diagnoses.failed_story())
    names = page.evaluate("document.getElementById('curve').data.map((trace) => trace.name)")
    assert {"port", "reference", "envelope"} <= set(names)
    assert re.search(r"outside of the envelope, first at step 18\d", page.inner_text("#curve-says"))


def test_the_smallest_case_is_copied_as_it_is(opened: Open) -> None:
    page = opened(diagnoses.failed_story())
    page.locator("#smallest button.copy").click()
    page.get_by_role("status").get_by_text("Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == diagnoses.SOURCE


def test_a_real_run_has_its_page(opened: Open) -> None:
    report = run_suite(oracle_port(), "tokenizer", "forward/one-letter")
    diagnosis = msgspec.structs.replace(diagnoses.passed_story(), report=report)
    assert "the oracle" in opened(diagnosis).locator("h1").inner_text()
