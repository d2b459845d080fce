"""A report as Markdown: it tells what is wrong, and nothing in it becomes markup."""

import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from conformance.reports.markdown import markdown
from conformance.reports.summary import RunSummary, run_summary
from tests.support.summaries import every_summary, filled_with, with_standings

ALLOWED = {
    "inline", "heading_open", "heading_close", "paragraph_open", "paragraph_close", "fence",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "html_block",
    "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close",
    "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close", "text", "code_inline",
    "strong_open", "strong_close", "softbreak",
}  # fmt: skip
"""What our own Markdown is made of: no link, no image, no inline HTML."""


def tokens(text: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


@every_summary
def test_nothing_that_is_said_becomes_markup_in_a_summary(summary: RunSummary) -> None:
    found = tokens(markdown(summary))
    assert {token.type for token in found} <= ALLOWED
    html = [t.content.strip() for t in found if t.type == "html_block"]
    ours = r"</details>|<details><summary>[\w\s:,']+</summary>"
    assert all(re.fullmatch(ours, line) for block in html for line in block.splitlines())
    assert sum(block.count("<details>") for block in html) == sum(
        block.count("</details>") for block in html
    )
    text = " ".join(token.content for token in found if token.type == "text")
    assert not re.search(r"@|e\.vil|pwned|alert", text)
    rows = [t for t in found if t.type == "tr_open"]
    cells = [t for t in found if t.type in ("th_open", "td_open")]
    assert len(cells) == 4 * len(rows)


def test_the_summary_tells_what_is_wrong_and_what_is_known() -> None:
    text = markdown(run_summary(with_standings(), ["Subtract the mean"]))
    for said in (
        "First divergence: `autograd/one-neuron`", "expected `-0.0103`", "got `-0.0125`",
        "1.4e+14 of budget", "\nmake conform PORT=swift CASE=autograd/one-neuron",
        "3 cases known to fail", "`why forward`",
        "1 case that passes although the baseline expects it to fail", "Subtract the mean",
        "1 case failing differently from the baseline", "`line 7: layers/gone (mismatch)`",
        "1 case announced: it fails, is new, and counts from the next edition", "seed `2026`",
    ):  # fmt: skip
        assert said in text, said


@pytest.mark.slow
def test_a_summary_of_any_run_is_far_below_what_github_takes() -> None:
    report = filled_with("`|" + "까" * 5000, failures=600)
    assert len(markdown(run_summary(report)).encode()) < 1 << 20
