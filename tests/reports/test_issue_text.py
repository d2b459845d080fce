"""The text for the author of a port says what is wrong and where, and holds no markup of a port."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from msgspec import structs

from conformance.explanation.diagnosis import (
    Diagnosis,
    FirstDivergence,
    NamedMistake,
    Place,
    without_explanation,
)
from conformance.judging.report import Report
from conformance.reports.issue_text import issue_text
from conformance.runs.tracing import debugged_trace
from reference.profiles import MICROGPT
from tests.support.traces import judged, usual, written

HOSTILE = "`<script>alert(1)</script> @all [x](http://e.vil) | ![p](http://e.vil)\n# pwned"


def wrong_trace(folder: Path) -> Report:
    records = usual()
    records[0]["order"] = list(MICROGPT.config.shapes(27))
    records[1]["loss"] += 0.5
    return judged(folder, records)


def explained(report: Report, **changed: object) -> Diagnosis:
    place = Place("/steps/0/loss", "forward", "loss", "the mean of the losses", words="the loss")
    divergence = FirstDivergence("forward/trace-loss", place, "3.3", "3.8", 1e9, [], [], ["adam"])
    diagnosis = structs.replace(without_explanation(report), divergence=divergence)
    return structs.replace(diagnosis, **changed)


def named(title: str, part: str = "") -> NamedMistake:
    return NamedMistake(
        ["slug"], [title], [f"{title}, in other words."], ["It is easy to make."],
        ["Do it right."], 12, 12, 0.1, ["forward/trace-loss"], [], part,
    )  # fmt: skip


def test_it_says_what_is_wrong_where_how_to_mend_it_and_how_to_see_it_again(
    tmp_path: Path,
) -> None:
    report = wrong_trace(tmp_path)
    text = issue_text(explained(report, names=[named("The loss is summed")]))
    for said in (
        "# The loss is summed\n", "It is easy to make.", "- Do it right.",
        "gives 12 of 12 of the numbers compared, within 0.1 of budget",
        "In `forward/trace-loss` at `/steps/0/loss`, the loss:", "| expected | `3.3` |",
        "| got | `3.8` |", "Right, given right inputs: adam.",
        f"python -m conformance trace {tmp_path}/trace.jsonl",
    ):  # fmt: skip
        assert said in text, said


def test_several_mistakes_are_one_sentence_by_part(tmp_path: Path) -> None:
    names = [
        named("The ReLU is squared", "the model"),
        named("The betas are 0.9 and 0.95", "the update"),
        named("The rate is 0.001", "the update"),
    ]
    text = issue_text(explained(wrong_trace(tmp_path), names=names))
    assert text.startswith(
        "# The ReLU is squared; the betas are 0.9 and 0.95 or the rate is 0.001\n"
    )
    assert "## What is wrong in the update" in text
    assert "One of these 2, which these numbers cannot tell apart:" in text


def test_without_a_name_it_says_what_is_to_blame(tmp_path: Path) -> None:
    text = issue_text(explained(wrong_trace(tmp_path), symptoms=["All are too large."]))
    assert "# Wrong: the loss\n" in text
    assert "To blame: the mean of the losses.\n- `All are too large.`" in text


def test_a_run_without_an_explanation_still_says_where(tmp_path: Path) -> None:
    text = issue_text(without_explanation(wrong_trace(tmp_path)))
    assert "`forward/trace-loss` ends with `mismatch`: `/steps/0/loss: expected" in text


def test_a_right_port_has_no_issue(tmp_path: Path) -> None:
    text = issue_text(without_explanation(judged(tmp_path, usual())))
    assert text.startswith("# Nothing is wrong\n")
    assert "PASS" in text


def test_nothing_that_a_port_says_becomes_markup(tmp_path: Path) -> None:
    report = wrong_trace(tmp_path)
    hostile = [
        structs.replace(case, detail=HOSTILE, log=[HOSTILE, "```"]) if case.fails else case
        for case in report.cases
    ]
    report = structs.replace(
        report, cases=hostile, port=structs.replace(report.port, name=HOSTILE), verdict=HOSTILE
    )
    divergence = explained(report).divergence
    assert divergence is not None
    place = structs.replace(divergence.place, pointer=HOSTILE)
    shown = structs.replace(divergence, place=place, got=HOSTILE, expected=HOSTILE)
    for diagnosis in (
        without_explanation(report), explained(report, divergence=shown, symptoms=[HOSTILE])
    ):  # fmt: skip
        parsed = MarkdownIt("commonmark").enable("table").parse(issue_text(diagnosis))
        tokens = [inner for token in parsed for inner in (token, *(token.children or ()))]
        kinds = {token.type for token in tokens}
        assert not kinds & {"html_block", "html_inline", "link_open", "image"}
        plain = " ".join(token.content for token in tokens if token.type == "text")
        assert not re.search(r"@all|e\.vil|pwned|alert", plain)


@pytest.mark.slow
def test_the_explanation_of_a_trace_gives_a_whole_text(tmp_path: Path) -> None:
    records = usual()
    records[2]["m"][0] += 1.0
    text = issue_text(debugged_trace(written(tmp_path, records), (), lambda _words: None, ()))
    assert "## Where it shows first" in text
    assert "In `adam/trace-update` at `/steps/0/m/wte/0/0`" in text
