"""A report as JUnit: foreign readers read it, and it is red where the run is."""

import pytest
from junitparser import JUnitXml, TestSuite
from msgspec import structs

from conformance.judging.outcome import ExitCode
from conformance.reports.junit import junit
from conformance.reports.summary import RunSummary, run_summary
from tests.support import diagnoses
from tests.support.junit_reader import is_red, read
from tests.support.summaries import NASTY, every_summary, filled_with, with_standings


@every_summary
def test_a_foreign_reader_reads_junit_and_it_is_red_where_the_run_is(summary: RunSummary) -> None:
    content = junit(summary)
    read(content)
    assert is_red(content) == (summary.exit_code is not ExitCode.PASS)


@pytest.mark.parametrize("code", [c for c in ExitCode if c is not ExitCode.PASS])
def test_no_run_that_fails_is_green_in_junit(code: ExitCode) -> None:
    report = structs.replace(diagnoses.passed_story().report, exit_code=code, verdict="WHY: 1 of 2")
    content = junit(run_summary(report))
    assert is_red(content)
    [result] = read(content)["run/verdict"].result
    assert result.message == "WHY: 1 of 2"


def test_every_outcome_and_standing_has_its_place_in_junit() -> None:
    found = read(junit(run_summary(with_standings())))
    said = {
        name.partition("/")[0]: [(type(r).__name__, r.type, r.message) for r in case.result]
        for name, case in found.items()
    }
    wrong = "6 of 40 numbers are outside of their budgets"
    assert said == {
        "protocol": [],
        "tokenizer": [("Failure", "stale", "the baseline expects it to fail, and it passes")],
        "autograd": [("Error", "crash", wrong)],
        "layers": [("Failure", "different", f"why layers: {wrong}")],
        "forward": [("Skipped", "known failure", "known failure: why forward")],
        "backward": [("Failure", "mismatch", wrong)],
        "adam": [("Skipped", "flaky", "flaky: why adam")],
        "train": [("Skipped", "not run", wrong)],
        "random": [("Skipped", "wontfix", "wontfix: why random")],
        "sample": [("Skipped", "not offered", "not offered")],
        "replicate": [("Skipped", "announced", "announced: why replicate")],
        "baseline": [("Failure", "unmatched", "the entry matches no case")],
    }
    failed = found["backward/deep-model"]
    assert failed.classname == "microgpt.backward"
    assert "make conform PORT=swift CASE=backward/deep-model" in str(failed.system_out)
    assert "this is fine" in str(failed.system_err)
    suite = next(iter(JUnitXml.fromstring(junit(run_summary(with_standings())))))
    assert isinstance(suite, TestSuite)
    properties = {entry.name: entry.value for entry in suite.properties()}  # type: ignore[no-untyped-call]
    assert properties["seed"] == "2026"
    assert {"grade", "profile", "edition", "port"} <= set(properties)


def test_what_xml_cannot_say_is_spelled_out_and_the_rest_is_kept() -> None:
    found = read(junit(run_summary(filled_with(NASTY[0]))))
    [result] = next(case for name, case in found.items() if name.startswith("backward")).result
    assert result.message == "x]]>\\x00\\x08\\x1b[31m\\ud800\\uffff</testcase>&<!--"
