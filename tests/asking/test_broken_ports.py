"""Broken ports, each a real program: the right outcome, a clear message, nothing left behind."""

import re

import pytest

from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from ports_adapter.quoting import LINE_SHOWN
from tests.support.ports.broken import ENDLESS, port, wrong_linear
from tests.support.suite import MakePort, run_suite

TOKENS = "tokenizer/words"
LINEAR = "layers/linear-square"


def only(report: Report) -> tuple[str, str]:
    """Outcome and detail of the one case that was asked."""
    (case,) = report.cases
    return str(case.outcome), case.detail


WRONG_ANSWERS = {
    "protocol violation": [
        ("put('Hello, I am your port!\\n')", "'Hello, I am"),
        ("put('\\n')", "an empty line"),
        ('put(\'{"jsonrpc": "2.0", \\n\')', "not JSON"),
        ("put('\\x1b[2Jboo\\n')", "\\x1b[2Jboo"),
        ("put('[1, 2]\\n')", "not a JSON-RPC message"),
        ("put('\\xff\\xfe\\n')", "not a JSON-RPC message"),
        (
            "reply(r | {'id': 99}, tokens_of(r['params']['text']))",
            "the answer has id 99, but the question has id",
        ),
        ("reply(r | {'id': str(r['id'])}, {})", "the answer has id '"),
        ("put(json.dumps({'id': r['id'], 'result': {}}) + '\\n')", 'lacks "jsonrpc": "2.0"'),
        ("put(json.dumps({'jsonrpc': '2.0', 'id': r['id']}) + '\\n')", "neither result nor error"),
        (
            "reply(r, {'characters': 'abc', 'vocab_size': 4, 'tokens': []})",
            "Expected `array`, got `str` at /result/characters",
        ),
        (
            "reply(r, {'characters': ['a'], 'tokens': []})",
            "missing required field `vocab_size` at /result",
        ),
        (
            "put(json.dumps({'jsonrpc': '2.0', 'method': 'log'}) + '\\n')",
            "tokenize sends no notifications",
        ),
        (
            'put(\'{\\n "jsonrpc": "2.0"\\n}\\n\')',
            "write an answer as one line without line breaks",
        ),
        (
            "\n  for _ in range(101): put('x' * (1 << 20))\n  put('\\n')",
            "a line of more than 64 MiB has no newline",
        ),
    ],
    "error": [
        ("refuse(r, -32603, 'out of luck')", "error -32603: out of luck"),
    ],
    "crash": [
        ("sys.exit(7)", "exited with code 7 instead of answering"),
        ("sys.exit(0)", "exited with code 0 instead of answering"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV"),
        (
            "put('{\"jsonrpc\"'); os.abort()",
            "ended by SIGABRT after 10 bytes of an unfinished line",
        ),
        ("os.close(1); time.sleep(60)", "closed its output but still runs"),
    ],
    "timeout": [
        ("time.sleep(60)", "0 bytes came; does the port write"),
        ("sys.stdout.write('{}' * 100); time.sleep(60)", "0 bytes came"),
        ("put('{\"jsonrpc\"'); time.sleep(60)", "10 bytes came and no newline"),
    ],
    "mismatch": [
        (
            "reply(r, tokens_of(r['params']['text']) | {'vocab_size': 1})",
            "/vocab_size: expected 10, got 1",
        ),
    ],
}
"""What a port does in place of `tokenize`, and what is said of it, by outcome."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("outcome", "deed", "message"),
    [(outcome, *wrong) for outcome, several in WRONG_ANSWERS.items() for wrong in several],
)
def test_each_wrong_answer_has_its_outcome_and_its_message(
    make_port: MakePort, outcome: str, deed: str, message: str
) -> None:
    source = f"def tokenize(r):\n  {deed}\nHANDLERS['tokenize'] = tokenize"
    made = make_port(port(source), message=2.0)
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
    report = run_suite(make_port(port(wrong_linear(change))), LINEAR)
    (case,) = report.cases
    assert str(case.outcome) == "mismatch"
    first = case.differences[0]
    assert first.pointer.startswith(pointer)
    assert first.expected.startswith(expected)
    assert got in first.got


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("answer = answer.replace('[', '[1e999, ', 1)", "out of range at /result/output/0$"),
        (
            "answer = answer.replace('[', '[NaN, ', 1)",
            'write NaN and infinities as strings, such as "NaN"',
        ),
        (
            "answer = answer.replace('[', '[\"1.5\", ', 1)",
            "expected a number.* at /result/output/0$",
        ),
    ],
)
def test_what_is_no_number_in_json_is_a_violation(
    make_port: MakePort, change: str, message: str
) -> None:
    source = f"""
    def wrong(r):
        answer = json.dumps(linear(r["params"]))
        {change}
        put('{{"jsonrpc": "2.0", "id": %d, "result": %s}}\\n' % (r["id"], answer))
    HANDLERS["linear"] = wrong
    """
    outcome, detail = only(run_suite(make_port(port(source)), LINEAR))
    assert outcome == "protocol violation"
    assert re.search(message, detail)


def test_what_the_port_logs_is_shown_when_it_fails(make_port: MakePort) -> None:
    source = """
    def doomed(r):
        print("index out of range: 17\\x07", file=sys.stderr)
        sys.exit(1)
    HANDLERS["tokenize"] = doomed
    """
    report = run_suite(make_port(port(source)), TOKENS)
    assert report.cases[0].log == ["index out of range: 17\\x07"]


def test_steps_without_end_are_a_violation(make_port: MakePort) -> None:
    outcome, detail = only(run_suite(make_port(ENDLESS), "train/warm-start"))
    assert outcome == "protocol violation"
    assert "more than the 2 steps that were asked for" in detail


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
