"""Ports that die, hang or stream: they are started again, given up on, and leave nothing open."""

import psutil
import pytest

from conformance.judging.outcome import ExitCode
from tests.support.ports.broken import port
from tests.support.suite import MakePort, case_of, outcomes, run_suite


def test_a_port_that_dies_now_and_then_is_started_anew_and_finished_results_are_kept(
    make_port: MakePort,
) -> None:
    source = """
    def moody(r):
        if "까치" in r["params"]["text"]:
            sys.exit(3)
        tokenize(r)
    HANDLERS["tokenize"] = moody
    """
    report = run_suite(make_port(port(source)))
    failed = {
        slug for slug, outcome in outcomes(report).items() if outcome not in ("pass", "not offered")
    }
    assert failed == {"tokenizer/korean"}
    assert case_of(report, "layers/linear-wide").outcome == "pass"


@pytest.mark.slow
def test_a_method_that_always_kills_the_port_is_given_up_on_and_the_others_are_not(
    make_port: MakePort,
) -> None:
    report = run_suite(make_port(port("HANDLERS['tokenize'] = lambda r: sys.exit(3)")))
    of_tokenizer = [str(case.outcome) for case in report.cases if case.level == "tokenizer"]
    assert of_tokenizer == ["crash"] * 5 + ["not run"] * (len(of_tokenizer) - 5)
    assert case_of(report, "tokenizer/embedded-corpus").detail == "tokenize ended the port 5 times"
    assert case_of(report, "layers/linear-wide").outcome == "pass"
    assert case_of(report, "protocol/shutdown").outcome == "pass"
    assert report.exit_code is ExitCode.FAIL


@pytest.mark.slow
def test_a_method_that_hangs_is_given_up_on_sooner(make_port: MakePort) -> None:
    source = port("HANDLERS['tokenize'] = lambda r: time.sleep(60)")
    report = run_suite(make_port(source, message=0.5), "tokenizer", "layers/linear-wide")
    assert list(outcomes(report).values()).count("timeout") == 2
    assert case_of(report, "layers/linear-wide").outcome == "pass"


def test_an_answer_of_the_wrong_type_costs_no_restart(make_port: MakePort) -> None:
    source = """
    def wrong(r):
        with open("asked", "a") as file:
            print(os.getpid(), file=file)
        reply(r, {"characters": 3})
    HANDLERS["tokenize"] = wrong
    """
    made = make_port(port(source))
    report = run_suite(made, "tokenizer")
    assert set(outcomes(report).values()) == {"protocol violation"}
    assert len(set((made.folder / "asked").read_text().split())) == 1


@pytest.mark.slow
def test_no_file_descriptor_is_left_open(make_port: MakePort) -> None:
    made = make_port(port("HANDLERS['tokenize'] = lambda r: sys.exit(3)"))
    run_suite(made, "tokenizer")
    before = psutil.Process().num_fds()
    run_suite(made, "tokenizer")
    assert psutil.Process().num_fds() == before


def test_a_malformed_step_is_blamed_on_its_own_case_only(make_port: MakePort) -> None:
    source = """
    def wrong(r):
        step = {"jsonrpc": "2.0", "method": "step", "params": {"id": r["id"], "step": "first"}}
        put(json.dumps(step) + "\\n")
        reply(r, {"m": {}, "v": {}, "weights": {}})
    HANDLERS["train"] = wrong
    HANDLERS["initialize"] = lambda r: introduce(r, methods=["train", "linear"])
    """
    report = run_suite(make_port(port(source)), "layers/linear-wide", "train/w*", "protocol/s*")
    assert outcomes(report) == {
        "layers/linear-wide": "pass",
        "train/warm-start": "protocol violation",
        "protocol/shutdown": "pass",
    }
