"""A report as a badge."""

import json

import pytest
from msgspec import structs

from conformance.judging.outcome import ExitCode
from conformance.reports.badge import badge
from conformance.reports.summary import run_summary
from tests.support.summaries import SUMMARIES, with_standings


@pytest.mark.parametrize(
    ("summary", "message", "color"),
    [
        ("passed", "11/11 within 4 ulp", "brightgreen"),
        ("failed", "fails", "red"),
        ("empty", "nothing verified", "lightgrey"),
        ("program", "1/1 checks", "brightgreen"),
        ("trouble", "does not start", "red"),
    ],
)
def test_a_badge_is_what_shields_io_reads(summary: str, message: str, color: str) -> None:
    shown = json.loads(badge(SUMMARIES[summary]))
    assert shown.pop("isError", False) == (message not in ("11/11 within 4 ulp", "1/1 checks"))
    assert shown == {
        "schemaVersion": 1, "label": "microgpt", "message": message, "color": color,
    }  # fmt: skip


def test_a_badge_counts_known_failures() -> None:
    report = with_standings()
    cases = [case for case in report.cases if not case.fails]
    passed = structs.replace(report, cases=cases, exit_code=ExitCode.PASS, baseline=None)
    assert json.loads(badge(run_summary(passed)))["message"].endswith(", 4 known")
