"""The debug page, in a real browser without a network."""

import re
from collections.abc import Callable

import msgspec
import pytest
from playwright.sync_api import Page

from conformance.explanation.diagnosis import Diagnosis, NamedMistake
from conformance.reports.page.debug_page import page_of
from conformance.reports.page.visible_text import of_budget
from tests.support import diagnoses
from tests.support.browsing import Open

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

TRANSCRIPT = ['> {"id": 1}', "< </pre><script>window.__hacked = 4</script>", "x" * 5000]

Show = Callable[[Diagnosis], Page]


@pytest.fixture
def shown(opened: Open) -> Show:
    return lambda diagnosis: opened(page_of(diagnosis, TRANSCRIPT))


def color_of_map(page: Page, row: int, column: int) -> list[int]:
    """The color in a corner of a cell of the heat map that is shown."""
    return list(
        page.evaluate(
            """([row, column]) => {
                const canvas = document.getElementById("map-canvas");
                const { left, width, height } = canvas.dataset;
                const [x, y] = [+left + column * width + 3, row * height + 4];
                const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
                copy.drawImage(canvas, 0, 0);
                return [...copy.getImageData(x, y, 1, 1).data];
            }""",
            [row, column],
        )
    )


def test_a_failed_run_tells_everything(shown: Show) -> None:
    diagnosis = diagnoses.failed_story()
    page = shown(diagnosis)
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


def test_a_run_that_passed_has_nothing_to_explain(shown: Show) -> None:
    page = shown(diagnoses.passed_story())
    assert "PASS" in page.locator("header").inner_text()
    assert page.locator("h2").all_inner_texts() == ["Data flow", "Levels", "Transcript"]
    assert "Everything that was judged is right." in page.locator("#flow").inner_text()
    assert page.locator(".flow .part.right").count() == page.locator(".flow .part").count()


def test_no_name_is_said_honestly(shown: Show) -> None:
    diagnosis = msgspec.structs.replace(diagnoses.failed_story(), names=[])
    said = shown(diagnosis).locator("#mistake").inner_text()
    assert "None of the known mistakes has these numbers." in said
    assert diagnosis.symptoms[0] in said


def test_twins_and_mistakes_at_once(shown: Show) -> None:
    one = diagnoses.failed_story().names[0]
    both = NamedMistake(
        ["a", "b"], ["Alpha", "Beta"], ["what a", "what b"], ["why a"], ["mend a", "mend b"],
        10, 12, 0.5, [], [],
    )  # fmt: skip
    page = shown(msgspec.structs.replace(diagnoses.failed_story(), names=[both, one]))
    said = page.locator("#mistake").inner_text()
    assert "These 2 cannot be told apart" in said
    assert said.index("Alpha") < said.index("Beta") < said.index("mend b") < said.index("10 of 12")
    assert page.locator("#mistake-title").inner_text() == "The mistakes"


def test_the_first_wrong_place_is_marked(shown: Show) -> None:
    page = shown(diagnoses.failed_story(2))
    flow = page.locator("svg.flow")
    assert flow.locator(".is-first").count() == 1
    assert "layer1.attn_scores: value right, grad first wrong" in str(
        flow.locator(".is-first title").text_content()
    )
    assert "first wrong" in str(flow.locator(".flag").text_content())
    assert "layer1.attn_scores" in str(flow.locator("desc").text_content())
    assert flow.locator(".frame").count() == 2


def test_the_map_and_its_step_are_chosen_by_keyboard(shown: Show) -> None:
    page = shown(diagnoses.failed_story())
    says = page.locator("#map-says")
    assert "/intermediate_grads/layer0.attn_scores; 5 × 4 × 5 numbers" in says.inner_text()
    page.locator("#map-choice").focus()
    page.keyboard.press("Home")
    assert "/grads/wte; 27 × 16 numbers" in says.inner_text()
    page.keyboard.press("ArrowDown")
    assert "/grads/layer0.attn_wq; 16 × 16" in says.inner_text()
    assert page.locator("#map-steps").is_hidden()
    page.locator("#map-choice").focus()
    page.keyboard.press("End")
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


def test_numbers_show_on_hover_and_to_the_keyboard(shown: Show) -> None:
    diagnosis = diagnoses.failed_story()
    page = shown(diagnosis)
    page.locator("#map-choice").select_option("0")
    first, says = diagnosis.maps[0], page.locator("#map-number")
    assert "Home goes to the worst" in says.inner_text()
    worst = max(range(len(first.errors)), key=lambda at: float(first.errors[at]))

    def words(at: int) -> str:
        return (
            f"/grads/wte/{at // 16}/{at % 16}, expected {first.expected[at]}, got {first.got[at]}, "
            f"{of_budget(first.errors[at])}"
        )

    page.locator("#map").focus()
    page.keyboard.press("Home")
    assert says.inner_text() == words(worst)
    page.keyboard.press("ArrowUp")
    assert says.inner_text() == words(worst - 16)
    page.keyboard.press("Escape")
    assert "Home goes to the worst" in says.inner_text()
    page.locator("#map-canvas").hover(position={"x": 60, "y": 5})
    assert says.inner_text() == words(0)


def test_a_map_is_drawn_in_the_colors_of_the_scheme(shown: Show) -> None:
    page = shown(diagnoses.failed_story())
    page.locator("#map-choice").select_option("0")
    right, wrong = color_of_map(page, 0, 0), color_of_map(page, 13, 8)
    assert right[2] > right[0], "what is right is blue"
    assert wrong[0] > wrong[2], "what is wrong is orange"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("getComputedStyle(document.body).backgroundColor === 'rgb(16, 21, 27)'")
    page.wait_for_timeout(50)
    assert sum(color_of_map(page, 0, 0)[:3]) < sum(right[:3]) / 2


def test_hostile_text_is_shown_and_does_nothing(shown: Show) -> None:
    page = shown(diagnoses.hostile_story())
    for button in page.locator("summary").all():
        if button.is_visible():
            button.click()
    page.locator("#map").focus()
    page.keyboard.press("Home")
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
    assert "<b>bold</b>" in page.locator("#map-number").inner_text()
    assert page.locator("main a, main img, main b, main script").count() == 0
    assert not re.search("[\u202e\u2028\x00-\x08\x1b]", text)


def test_what_is_not_finite_is_shown(shown: Show) -> None:
    page = shown(diagnoses.unfinite_story())
    assert (
        "3 of 4 outside of budget; worst beyond measure" in page.locator("#map-says").inner_text()
    )
    assert color_of_map(page, 0, 0) != color_of_map(page, 0, 3)
    rows = page.locator("#map-worst tbody tr").all_text_contents()
    assert [re.search("NaN|-?Infinity", row) is not None for row in rows] == [True] * 3 + [False]
    assert "3 outside of the envelope" in page.locator("#losses").inner_text()


def test_reference_port_and_envelope_are_told_apart_without_color(shown: Show) -> None:
    diagnosis = diagnoses.failed_story()
    page = shown(diagnosis)
    losses = page.locator("#losses")
    assert losses.locator(".chart").count() == 2
    names = losses.locator(".chart .name").all_text_contents()
    assert names == ["envelope", "reference", "port", "1 budget", "within", "outside"]
    drawn = losses.locator(".chart").first.locator("g.line")
    dashes = [line.get_attribute("stroke-dasharray") for line in drawn.all()]
    assert [dash is None for dash in dashes] == [False, True]
    assert re.search(r"outside of the envelope, first at step 18\d", losses.inner_text())
    losses.get_by_text("All steps").click()
    lines = losses.locator("pre").inner_text().splitlines()
    first = diagnosis.curves[0]
    assert lines[300].split()[:3] == ["300", repr(first.reference[-1]), repr(first.port[-1])]


def test_a_flag_covers_no_other_box(shown: Show) -> None:
    diagnosis = diagnoses.failed_story()
    assert diagnosis.divergence
    for node in ("layer0.k", "layer0.attn_heads"):
        place = msgspec.structs.replace(diagnosis.divergence.place, node=node)
        divergence = msgspec.structs.replace(diagnosis.divergence, place=place)
        page = shown(msgspec.structs.replace(diagnosis, divergence=divergence))
        flag = page.locator(".flow .flag rect").bounding_box()
        words = page.locator(".flow .flag text").bounding_box()
        boxes = [
            box.bounding_box() for box in page.locator(".flow .box:not(.is-first) .body").all()
        ]
        assert flag
        assert words
        assert flag["x"] < words["x"]
        assert words["x"] + words["width"] < flag["x"] + flag["width"]
        for box in boxes:
            assert box
            apart = flag["y"] >= box["y"] + box["height"] or flag["y"] + flag["height"] <= box["y"]
            beside = flag["x"] >= box["x"] + box["width"] or flag["x"] + flag["width"] <= box["x"]
            assert apart or beside, node


def test_the_smallest_case_is_copied_as_it_is(shown: Show) -> None:
    page = shown(diagnoses.failed_story())
    page.locator("#smallest button.copy").click()
    page.get_by_role("status").get_by_text("Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == diagnoses.SOURCE
