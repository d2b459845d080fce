"""Transcripts: what a run wrote down is judged again, and alike, when the port is gone."""

import shutil
from pathlib import Path

import msgspec
import pytest

from conformance.asking import layout_search
from conformance.judging.outcome import ExitCode, Outcome
from ports_adapter.manifest import find_port
from ports_adapter.transcript.events import Failed, Line, Logged, Question, Unreplayable
from ports_adapter.transcript.reader import read_transcript
from tests.asking.test_layout import LAYOUTS, arranged_port
from tests.support.command import conformance
from tests.support.ports.broken import folder_of, offering, port
from tests.support.suite import MakePort, case_of, oracle_port
from tests.support.transcripts import assert_reproduced, record, replayed, same

CHEAP = ("protocol", "tokenizer", "layers/linear*", "layers/softmax-*", "random", "adam/fresh")
TOKENS = "tokenizer/words"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


@pytest.mark.slow
def test_a_right_port_passes_again_with_the_same_grade(path: Path) -> None:
    report = assert_reproduced(find_port("python"), path, *CHEAP)
    assert report.exit_code is ExitCode.PASS
    assert "bit-identical" in report.grade


@pytest.mark.slow
def test_a_wrong_port_fails_again_with_the_same_report(path: Path) -> None:
    patterns = ("layers/softmax-p*", "adam/fresh", "backward/cold-step-1")
    report = assert_reproduced(oracle_port("softmax-denominator-detached"), path, *patterns)
    assert report.exit_code is ExitCode.FAIL
    assert report.first_divergence == "layers/softmax-plain"
    assert case_of(report, "backward/cold-step-1").tainted_by == "layers/softmax-plain"


@pytest.mark.slow
def test_the_port_is_not_started_and_need_not_be_there(tmp_path: Path) -> None:
    source = 'HANDLERS["linear"] = lambda r: reply(r, linear(r["params"]) | {"output": [1.0]})'
    folder, path = folder_of(tmp_path / "port", source), tmp_path / "run.jsonl.gz"
    arguments = ("--case", "tokenizer", "--case", "layers", "--seed", "3")
    run = conformance("run", str(folder), *arguments, "--transcript", str(path))
    shutil.rmtree(folder)
    again = conformance("replay", str(path), "--json", str(tmp_path / "report.json"))
    assert (again.returncode, again.stdout) == (run.returncode, run.stdout)
    assert run.returncode == ExitCode.FAIL
    assert msgspec.json.decode((tmp_path / "report.json").read_bytes())["seed"] == 3
    alone = conformance("replay", str(path), "--case", "layers/linear-square")
    assert "FAIL: 0 of 1 cases passed. Seed 3." in alone.stdout


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("change", "outcome", "message"),
    [
        ("sys.stderr.write('bad luck'); sys.exit(7)", "crash", "exited with code 7"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crash", "ended by SIGSEGV"),
        ("put('{\"jsonrpc\"'); os.abort()", "crash", "SIGABRT after 10 bytes"),
        ("os.close(1); time.sleep(60)", "crash", "closed its output but still runs"),
        ("time.sleep(60)", "timeout", "0 bytes came"),
        ("put('{\"jsonrpc\"'); time.sleep(60)", "timeout", "10 bytes came and no newline"),
        ("put('Hello\\n')", "protocol violation", "'Hello'"),
        ("sys.stdout.buffer.write(b'\\xff\\xfe\\n'); put('')", "protocol violation", "'��'"),
        ("reply(r | {'id': 99}, {})", "protocol violation", "has id 99, but the question has id"),
        ("reply(r | {'id': r['id'] - 1}, {})", "protocol violation", "the question has id"),
        ("reply(r, {'characters': 'abc'})", "protocol violation", "got `str` at /result/char"),
        ("refuse(r, -32603, 'out of luck')", "error", "error -32603: out of luck"),
        (
            "put(json.dumps({'jsonrpc': '2.0', 'id': r['id'], 'result': "
            "tokens_of(r['params']['text'])}) + '\\nand more\\n')",
            "protocol violation",
            "it printed a line before the question: 'and more'",
        ),
        ("put('x' * (65 << 20))", "protocol violation", "more than 64 MiB has no newline"),
    ],
)
def test_each_failure_happens_again(
    make_port: MakePort, path: Path, change: str, outcome: str, message: str
) -> None:
    source = f"""
    def odd(r):
        if "까치" not in r["params"]["text"]:
            return tokenize(r)
        {change}
    HANDLERS["tokenize"] = odd
    """
    patterns = ("protocol/initialize", "tokenizer/[h-m]*", "layers/linear-wide")
    report = assert_reproduced(make_port(port(source), message=1.0), path, *patterns)
    failed = [case for case in report.cases if case.outcome.is_failure]
    assert [str(case.outcome) for case in failed] == [outcome]
    assert message in failed[0].detail
    assert case_of(report, "layers/linear-wide").outcome is Outcome.PASS


@pytest.mark.slow
def test_what_was_given_up_on_is_given_up_on_again(make_port: MakePort, path: Path) -> None:
    made = make_port(port("HANDLERS['tokenize'] = lambda r: sys.exit(3)"))
    report = assert_reproduced(made, path, "tokenizer", "layers/linear-wide", "protocol/shutdown")
    left = [case.slug for case in report.cases if case.outcome is Outcome.NOT_RUN]
    assert left
    with pytest.raises(Unreplayable, match=f"{left[0]} was not asked in the recorded run"):
        replayed(path, left[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "raise RuntimeError('no')",
        "print('Training...')",
        port("HANDLERS['initialize'] = lambda r: reply(r, {})"),
        offering("methods=[]"),
        port("def fall(r):\n    reply(r, {})\n    sys.exit(4)\nHANDLERS['shutdown'] = fall"),
        port("HANDLERS['tokenize'] = lambda r: (os.remove('port.py'), sys.exit(3))"),
        port("HANDLERS['shutdown'] = lambda r: (reply(r, {}), reply(r, {}), sys.exit(0))"),
        port(
            "def long(r):\n  reply(r, {})\n  while True: put('x' * (1 << 20))\n"
            "HANDLERS['shutdown'] = long"
        ),
    ],
)
def test_a_bad_start_or_end_happens_again(make_port: MakePort, path: Path, source: str) -> None:
    report = record(make_port(source), path, "protocol", "tokenizer/[a-e]*")
    assert same(report, replayed(path))
    assert report.exit_code is not ExitCode.PASS


@pytest.mark.slow
def test_a_declared_layout_is_applied_again(tmp_path: Path, path: Path) -> None:
    made = arranged_port(tmp_path, "per-head", LAYOUTS["per-head"])
    report = record(made, path, "forward/cold*", "adam/fresh")
    assert report.exit_code is ExitCode.PASS
    assert same(report, replayed(path))


@pytest.mark.thorough
def test_a_layout_that_was_recognised_is_told_again(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout_search, "SECONDS", 200.0)
    report = record(arranged_port(tmp_path, "transposed", ""), path, "forward/cold*")
    assert report.layout
    assert same(report, replayed(path))


@pytest.mark.slow
@pytest.mark.parametrize("slug", [None, "constant-learning-rate"])
def test_a_stream_is_recorded_step_by_step_and_judged_again(path: Path, slug: str | None) -> None:
    made = oracle_port(*([slug] if slug else []), "--tape")
    report = record(made, path, "train/recorded-in-full", "train/warm-start")
    assert same(report, replayed(path))
    case = case_of(report, "train/recorded-in-full")
    assert case.values > 6 * 4 * 4000
    (alone,) = replayed(path, "train/warm-start").cases
    assert alone.detail == case_of(report, "train/warm-start").detail


@pytest.mark.slow
def test_a_case_alone_keeps_the_ids_that_it_had(make_port: MakePort, path: Path) -> None:
    source = "HANDLERS['tokenize'] = lambda r: reply(r | {'id': r['id'] + 1}, {})"
    report = record(make_port(port(source)), path, "protocol/in*", "tokenizer/[l-z]*")
    (alone,) = replayed(path, TOKENS).cases
    assert alone.detail == case_of(report, TOKENS).detail


def test_the_lines_of_one_case_can_be_read(make_port: MakePort, path: Path) -> None:
    source = "HANDLERS['tokenize'] = lambda r: (print('ow', file=sys.stderr), sys.exit(3))"
    record(make_port(port(source)), path, "tokenizer/words", "layers/linear-wide")
    with read_transcript(path) as transcript:
        question, failed, logged = transcript.of_case(TOKENS)
        assert isinstance(question, Question)
        assert (question.id, question.method) == (2, "tokenize")
        assert msgspec.json.decode(question.line)["params"]["text"]
        assert isinstance(failed, Failed)
        assert (failed.kind, failed.code) == ("crash", 3)
        assert isinstance(logged, Logged)
        assert logged.content == b"ow\n"
        events = list(transcript.of_case("layers/linear-wide"))
        names = [type(event).__name__ for event in events]
        assert names == ["Started", "Question", "Line", "Question", "Line"]
        assert isinstance(events[-1], Line)
        assert list(transcript.of_case("layers/no-such")) == []
