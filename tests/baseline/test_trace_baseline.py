"""Known failures of a trace are excused as those of a port are."""

from pathlib import Path

import pytest

from conformance.cases.request import BaselineChoice
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.judging.standing import Standing
from conformance.runs.tracing import debugged_trace, judged_trace_file
from tests.support.command import run
from tests.support.traces import usual, written

EDITION = "edition = 1\n"
KNOWN = f"""{EDITION}
[[known]]
slug = "adam/trace-update"
outcome = "mismatch"
reason = "The moments are written too late."
"""


def wrong_trace(folder: Path, baseline: str = "") -> Path:
    """A trace with wrong moments, and a baseline beside it."""
    if baseline:
        (folder / "baseline.toml").write_text(baseline)
    records = usual()
    records[2]["m"][0] += 1.0
    return written(folder, records)


def judged(path: Path, choice: BaselineChoice | None = None) -> Report:
    return judged_trace_file(path, baseline=choice or BaselineChoice())[0]


def test_a_known_failure_does_not_fail_the_trace(tmp_path: Path) -> None:
    report = judged(wrong_trace(tmp_path, KNOWN))
    assert report.exit_code is ExitCode.PASS
    assert "excused by the baseline: Adam;" in report.verdict
    assert "gradients" in report.verdict
    standing = {case.slug: case.standing for case in report.cases}
    assert standing["adam/trace-update"] is Standing.KNOWN


def test_a_baseline_may_be_ignored_and_one_may_be_elsewhere(tmp_path: Path) -> None:
    path = wrong_trace(tmp_path, KNOWN)
    assert judged(path, BaselineChoice(ignored=True)).exit_code is ExitCode.FAIL
    elsewhere = (tmp_path / "baseline.toml").rename(tmp_path / "known.toml")
    assert judged(path).exit_code is ExitCode.FAIL
    assert judged(path, BaselineChoice(elsewhere)).exit_code is ExitCode.PASS


def test_a_known_failure_that_passes_fails_the_trace(tmp_path: Path) -> None:
    (tmp_path / "baseline.toml").write_text(KNOWN)
    report = judged(written(tmp_path, usual()))
    assert report.exit_code is ExitCode.FAIL
    assert report.verdict.startswith("FAIL: Adam over")


def test_an_entry_about_a_case_of_the_protocol_is_left_alone(tmp_path: Path) -> None:
    other = KNOWN.removeprefix(EDITION).replace("trace-update", "cold-step-1")
    assert judged(wrong_trace(tmp_path, KNOWN + other)).exit_code is ExitCode.PASS


def test_an_entry_about_no_case_is_said(tmp_path: Path) -> None:
    other = KNOWN.removeprefix(EDITION).replace("trace-update", "trace-of-thought")
    report = judged(wrong_trace(tmp_path, KNOWN + other))
    assert report.exit_code is ExitCode.FAIL
    assert "the baseline has an entry without a case" in report.verdict


def test_an_excused_failure_is_not_explained(tmp_path: Path) -> None:
    found = debugged_trace(wrong_trace(tmp_path, KNOWN), (), lambda _words: None, ())
    assert found.divergence is None


@pytest.mark.slow
def test_the_command_line_rewrites_a_baseline_and_then_passes(tmp_path: Path) -> None:
    path = wrong_trace(tmp_path)
    ended = run("conformance", "trace", path, "--update-baseline")
    assert ended.returncode == ExitCode.PASS, ended.stderr
    assert 'slug = "adam/trace-update"' in (tmp_path / "baseline.toml").read_text()
    assert run("conformance", "trace", path).returncode == ExitCode.PASS
