"""Broken ports, each a real program: the right outcome, a clear message, nothing left behind."""

from __future__ import annotations

import psutil
import pytest

from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from ports_adapter.quoting import LINE_SHOWN
from tests.support.ports.broken import port
from tests.support.suite import MakePort, case_of, outcomes, run_suite

TOKENS = "tokenizer/words"
LINEAR = "layers/linear-square"


def only(report: Report) -> tuple[str, str]:
    """Outcome and detail of the one case that was asked."""
    (case,) = report.cases
    return str(case.outcome), case.detail


def test_an_honest_small_port_passes_what_it_offers(make_port: MakePort) -> None:
    report = run_suite(make_port(port("")))
    assert report.exit_code is ExitCode.PASS
    levels = {str(level.level): str(level.outcome) for level in report.levels}
    assert levels["tokenizer"] == levels["layers"] == levels["protocol"] == "pass"
    assert levels["backward"] == "not offered"


def test_a_port_that_offers_nothing_is_no_pass(make_port: MakePort) -> None:
    report = run_suite(
        make_port(port("HANDLERS['initialize'] = lambda r: introduce(r, methods=[])"))
    )
    assert report.exit_code is ExitCode.NOTHING_VERIFIED
    assert report.verdict.startswith("NOTHING VERIFIED")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "outcome", "message"),
    [
        ("def tokenize(r): put('Hello, I am your port!\\n')", "protocol violation", "'Hello, I am"),
        ("def tokenize(r): put('\\n')", "protocol violation", "an empty line"),
        ("def tokenize(r): put('{\"jsonrpc\": \"2.0\", \\n')", "protocol violation", "not JSON"),
        ("def tokenize(r): put('\\x1b[2Jboo\\n')", "protocol violation", "\\x1b[2Jboo"),
        ("def tokenize(r): put('[1, 2]\\n')", "protocol violation", "not a JSON-RPC message"),
        ("def tokenize(r): put('\\xff\\xfe\\n')", "protocol violation", "not a JSON-RPC message"),
        (
            "def tokenize(r): reply(r | {'id': 99}, tokens_of(r['params']['text']))",
            "protocol violation",
            "the answer has id 99, but the question has id",
        ),
        (
            "def tokenize(r): reply(r | {'id': str(r['id'])}, {})",
            "protocol violation",
            "the answer has id '",
        ),
        (
            "def tokenize(r): put(json.dumps({'id': r['id'], 'result': {}}) + '\\n')",
            "protocol violation",
            'lacks "jsonrpc": "2.0"',
        ),
        (
            "def tokenize(r): put(json.dumps({'jsonrpc': '2.0', 'id': r['id']}) + '\\n')",
            "protocol violation",
            "neither result nor error",
        ),
        (
            "def tokenize(r): reply(r, {'characters': 'abc', 'vocab_size': 4, 'tokens': []})",
            "protocol violation",
            "Expected `array`, got `str` at /result/characters",
        ),
        (
            "def tokenize(r): reply(r, {'characters': ['a'], 'tokens': []})",
            "protocol violation",
            "missing required field `vocab_size` at /result",
        ),
        (
            "def tokenize(r): put(json.dumps({'jsonrpc': '2.0', 'method': 'log'}) + '\\n')",
            "protocol violation",
            "tokenize sends no notifications",
        ),
        (
            "def tokenize(r): put('{\\n \"jsonrpc\": \"2.0\"\\n}\\n')",
            "protocol violation",
            "write an answer as one line without line breaks",
        ),
        ("def tokenize(r): refuse(r, -32603, 'out of luck')", "error", "error -32603: out of luck"),
        ("def tokenize(r): sys.exit(7)", "crash", "exited with code 7 instead of answering"),
        ("def tokenize(r): sys.exit(0)", "crash", "exited with code 0 instead of answering"),
        ("def tokenize(r): os.kill(os.getpid(), signal.SIGSEGV)", "crash", "ended by SIGSEGV"),
        (
            "def tokenize(r): put('{\"jsonrpc\"'); os.abort()",
            "crash",
            "ended by SIGABRT after 10 bytes of an unfinished line",
        ),
        ("def tokenize(r): time.sleep(60)", "timeout", "0 bytes came; does the port write"),
        (
            "def tokenize(r): sys.stdout.write('{}' * 100); time.sleep(60)",
            "timeout",
            "0 bytes came",
        ),
        (
            "def tokenize(r): put('{\"jsonrpc\"'); time.sleep(60)",
            "timeout",
            "10 bytes came and no newline",
        ),
        (
            "def tokenize(r): os.close(1); time.sleep(60)",
            "crash",
            "closed its output but still runs",
        ),
        (
            "def tokenize(r):\n  for _ in range(101): put('x' * (1 << 20))\n  put('\\n')",
            "protocol violation",
            "a line of more than 64 MiB has no newline",
        ),
        (
            "def tokenize(r): reply(r, tokens_of(r['params']['text']) | {'vocab_size': 1})",
            "mismatch",
            "/vocab_size: expected 10, got 1",
        ),
    ],
)  # fmt: skip
def test_each_wrong_answer_has_its_outcome_and_its_message(
    make_port: MakePort, change: str, outcome: str, message: str
) -> None:
    made = make_port(port(change + "\nHANDLERS['tokenize'] = tokenize"), message=2.0)
    report = run_suite(made, TOKENS)
    assert only(report)[0] == outcome
    assert message in only(report)[1]
    assert report.exit_code is ExitCode.FAIL
    assert "\x1b" not in only(report)[1]


@pytest.mark.parametrize(
    ("change", "pointer", "expected", "got"),
    [
        ("a['output'] = a['output'][:-1]", "/output", "numbers[5]", "numbers[4]"),
        ("a['grads']['w'][2] = []", "/grads/w", "numbers[5][5]", "numbers["),
        ("a['output'][3] = 'NaN'", "/output/3", "", "nan"),
        ("a['output'][1] = 'Infinity'", "/output/1", "", "inf"),
        ("a['output'][2] *= 1 + 1e-12", "/output/2", "", ""),
        ("a['grads']['x'][4] *= -1", "/grads/x/4", "", ""),
    ],
)
def test_a_wrong_number_or_shape_is_a_mismatch_at_its_place(
    make_port: MakePort, change: str, pointer: str, expected: str, got: str
) -> None:
    source = f"""
    def wrong(r):
        a = linear(r["params"])
        {change}
        reply(r, a)
    HANDLERS["linear"] = wrong
    """
    report = run_suite(make_port(port(source)), LINEAR)
    (case,) = report.cases
    assert str(case.outcome) == "mismatch"
    first = case.differences[0]
    assert first.pointer.startswith(pointer)
    assert first.expected.startswith(expected)
    assert got in first.got


def test_numbers_that_no_float_can_hold_are_a_violation(make_port: MakePort) -> None:
    source = """
    def wrong(r):
        text = json.dumps({"output": [0.5]}).replace("0.5", "1e999")
        put('{"jsonrpc": "2.0", "id": %d, "result": %s}\\n' % (r["id"], text))
    HANDLERS["linear"] = wrong
    """
    assert only(run_suite(make_port(port(source)), LINEAR))[0] == "protocol violation"


def test_bare_nan_is_no_json(make_port: MakePort) -> None:
    source = """
    def wrong(r):
        reply(r, {"output": [float("nan")] * 5, "grads": {"x": [0.0], "w": [[0.0]]}})
    HANDLERS["linear"] = wrong
    """
    outcome, detail = only(run_suite(make_port(port(source)), LINEAR))
    assert outcome == "protocol violation"
    assert 'write NaN and infinities as strings, such as "NaN"' in detail


def test_a_number_in_quotes_is_a_violation_that_says_so(make_port: MakePort) -> None:
    source = """
    def wrong(r):
        a = linear(r["params"])
        a["output"][1] = str(a["output"][1])
        reply(r, a)
    HANDLERS["linear"] = wrong
    """
    outcome, detail = only(run_suite(make_port(port(source)), LINEAR))
    assert outcome == "protocol violation"
    assert "expected a number" in detail
    assert detail.endswith("at /result/output/1")


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
    source = port(f"HANDLERS['initialize'] = lambda r: introduce(r, {changes})")
    report = run_suite(make_port(source))
    introduction = case_of(report, "protocol/initialize")
    assert str(introduction.outcome) == "mismatch"
    assert message in introduction.detail
    assert report.exit_code is ExitCode.FAIL


def test_a_method_of_tomorrow_is_no_slip(make_port: MakePort) -> None:
    methods = "methods=['tokenize', 'linear', 'telepathy']"
    source = port(f"HANDLERS['initialize'] = lambda r: introduce(r, {methods})")
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
    source = port("HANDLERS['initialize'] = lambda r: introduce(r, precision='float32')")
    report = run_suite(make_port(source))
    assert case_of(report, "protocol/initialize").outcome == "mismatch"


def test_what_the_port_logs_is_shown_when_it_fails(make_port: MakePort) -> None:
    source = """
    def doomed(r):
        print("index out of range: 17\\x07", file=sys.stderr)
        sys.exit(1)
    HANDLERS["tokenize"] = doomed
    """
    report = run_suite(make_port(port(source)), TOKENS)
    assert report.cases[0].log == ["index out of range: 17\\x07"]


@pytest.mark.slow
def test_no_file_descriptor_is_left_open(make_port: MakePort) -> None:
    made = make_port(port("HANDLERS['tokenize'] = lambda r: sys.exit(3)"))
    run_suite(made, "tokenizer")
    before = psutil.Process().num_fds()
    run_suite(made, "tokenizer")
    assert psutil.Process().num_fds() == before


def test_steps_without_end_are_a_violation(make_port: MakePort) -> None:
    source = """
    def endless(r):
        s = 0
        while True:
            step = {"id": r["id"], "step": s, "loss": 3.0, "learning_rate": 0.01}
            put(json.dumps({"jsonrpc": "2.0", "method": "step", "params": step}) + "\\n")
            s += 1
    HANDLERS["train"] = endless
    HANDLERS["initialize"] = lambda r: introduce(r, methods=["train"])
    """
    outcome, detail = only(run_suite(make_port(port(source)), "train/warm-start"))
    assert outcome == "protocol violation"
    assert "more than the 2 steps that were asked for" in detail


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


@pytest.mark.parametrize(
    "change",
    [
        "text = text.replace('\"id\": %d' % r['id'], '\"id\": %d.0' % r['id'])",
        "text = text[:-1] + ', \"error\": null}'",
        'text = text[:-1] + \', "remark": {"of": [1, "tomorrow"]}}\'',
        "text = '  ' + text + ' \\r'",
    ],
)
def test_what_json_leaves_open_is_accepted(make_port: MakePort, change: str) -> None:
    source = f"""
    def lenient(r):
        text = json.dumps({{"jsonrpc": "2.0", "id": r["id"], "result": linear(r["params"])}})
        {change}
        put(text + "\\n")
    HANDLERS["linear"] = lenient
    """
    assert only(run_suite(make_port(port(source)), LINEAR)) == ("pass", "")


def test_a_very_long_name_is_cut(make_port: MakePort) -> None:
    source = port("HANDLERS['tokenize'] = lambda r: refuse(r, -1, 'x' * 100_000)")
    outcome, detail = only(run_suite(make_port(source), TOKENS))
    assert outcome == "error"
    assert len(detail) < 500 + LINE_SHOWN
