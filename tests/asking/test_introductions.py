"""What a port offers and how it begins: slips are no silent pass."""

import pytest

from conformance.judging.outcome import ExitCode
from tests.support.ports.broken import offering, port
from tests.support.suite import MakePort, case_of, run_suite


def test_an_honest_small_port_passes_what_it_offers(make_port: MakePort) -> None:
    report = run_suite(make_port(port("")))
    assert report.exit_code is ExitCode.PASS
    levels = {str(level.level): str(level.outcome) for level in report.levels}
    assert levels["tokenizer"] == levels["layers"] == levels["protocol"] == "pass"
    assert levels["backward"] == "not offered"


def test_a_port_that_offers_nothing_is_no_pass(make_port: MakePort) -> None:
    report = run_suite(make_port(offering("methods=[]")))
    assert report.exit_code is ExitCode.NOTHING_VERIFIED
    assert report.verdict.startswith("NOTHING VERIFIED")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("methods=['tokenise']", "it offers the method 'tokenise': is 'tokenize' meant?"),
        ("methods=['softMax', 'linear']", "it offers the method 'softMax': is 'softmax' meant?"),
        ("methods=['forward'], profiles=['micro-gpt']", "it offers forward for micro-gpt"),
        ("methods=['adam'], profiles=[]", "it offers adam for no profile"),
    ],
)
def test_a_slip_in_what_a_port_offers_is_no_silent_pass(
    make_port: MakePort, changes: str, message: str
) -> None:
    report = run_suite(make_port(offering(changes)))
    introduction = case_of(report, "protocol/initialize")
    assert str(introduction.outcome) == "mismatch"
    assert message in introduction.detail
    assert report.exit_code is ExitCode.FAIL


def test_a_method_of_tomorrow_is_no_slip(make_port: MakePort) -> None:
    source = offering("methods=['tokenize', 'linear', 'telepathy']")
    assert run_suite(make_port(source)).exit_code is ExitCode.PASS


@pytest.mark.parametrize(
    ("source", "outcome", "message"),
    [
        ("print('Training...')", "protocol violation", "'Training...'"),
        ("", "crash", "exited with code 0 instead of answering"),
        ("raise RuntimeError('no')", "crash", "exited with code 1"),
        ("import time; time.sleep(60)", "timeout", "0 bytes came"),
        (port("HANDLERS['initialize'] = lambda r: reply(r, {})"), "protocol violation", "/result"),
    ],
)
def test_a_port_that_does_not_introduce_itself_fails_there(
    make_port: MakePort, source: str, outcome: str, message: str
) -> None:
    report = run_suite(make_port(source, start=1.0))
    first = report.cases[0]
    assert (first.slug, str(first.outcome)) == ("protocol/initialize", outcome)
    assert message in first.detail
    assert {str(case.outcome) for case in report.cases[1:]} == {"not run"}
    assert report.exit_code is ExitCode.FAIL


def test_a_port_that_declares_another_precision_than_its_manifest_fails(
    make_port: MakePort,
) -> None:
    report = run_suite(make_port(offering("precision='float32'")))
    assert case_of(report, "protocol/initialize").outcome == "mismatch"
