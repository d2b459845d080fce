"""Transcripts: what a run wrote down is judged again, and alike, when the port is gone."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from conformance import layouts
from conformance.outcome import ExitCode, Outcome
from conformance.replaying import judge_transcript, replay_transcript
from conformance.report import Report
from conformance.running import Request, Unusable, judge_port
from ports_adapter.manifest import Port, find_port
from ports_adapter.transcript.events import Failed, Line, Logged, Question, Unreplayable
from ports_adapter.transcript.reading import read_transcript

from .conftest import ROOT, MakePort, case_of, oracle_port, outcomes
from .ports.broken import port
from .test_layout import LAYOUTS, arranged_port

CHEAP = ("protocol", "tokenizer", "layers/linear*", "layers/softmax-*", "random", "adam/fresh")
TOKENS = "tokenizer/words"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def record(made: Port, path: Path, *patterns: str, seed: int = 1) -> Report:
    return judge_port(made, Request(made.label, patterns, seed, transcript=path))


def replayed(path: Path, *patterns: str) -> Report:
    with read_transcript(path) as transcript:
        return judge_transcript(transcript, patterns)


def timeless(report: Report) -> Report:
    """A report without its seconds, as JSON has it."""
    cases = [structs.replace(case, seconds=0.0) for case in report.cases]
    return structs.replace(report, cases=cases, seconds=0.0)


def same(report: Report, other: Report) -> bool:
    return msgspec.json.encode(timeless(report)) == msgspec.json.encode(timeless(other))


def assert_reproduced(made: Port, path: Path, *patterns: str) -> Report:
    """The port's run and its replay tell the same; so does the first failure alone."""
    report = record(made, path, *patterns)
    assert same(report, replayed(path))
    for failed in [case for case in report.cases if case.slug == report.first_divergence]:
        (alone,) = replayed(path, failed.slug).cases
        assert structs.replace(alone, seconds=failed.seconds) == failed
    return report


def write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    """Write a transcript as if it had been recorded so."""
    crc32 = 0
    with path.open("wb") as file:
        for line in lines:
            if line["event"] == "end":
                line["crc32"] = crc32
            encoded = msgspec.json.encode(line) + b"\n"
            crc32 = zlib.crc32(encoded, crc32)
            file.write(encoded)


def conformance(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "conformance", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def folder_of(tmp_path: Path, source: str) -> Path:
    """A port's folder with a manifest."""
    folder = tmp_path / "port"
    folder.mkdir()
    (folder / "port.toml").write_text(
        'name = "p"\nlanguage = "Python"\nrun = ["{python}", "port.py"]\n[timeouts]\nmessage = 2\n'
    )
    (folder / "port.py").write_text(source)
    return folder


def test_a_right_port_passes_again_with_the_same_grade(path: Path) -> None:
    report = assert_reproduced(find_port("python"), path, *CHEAP)
    assert report.exit_code is ExitCode.PASS
    assert "bit-identical" in report.grade


def test_a_wrong_port_fails_again_with_the_same_report(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layouts, "SECONDS", 0.0)
    report = assert_reproduced(
        oracle_port("softmax-denominator-detached"),
        path,
        "layers/softmax-p*",
        "adam/fresh",
        "backward/cold-step-1",
    )
    assert report.exit_code is ExitCode.FAIL
    assert report.first_divergence == "layers/softmax-plain"
    assert case_of(report, "backward/cold-step-1").tainted_by == "layers/softmax-plain"


def test_the_port_is_not_started_and_need_not_be_there(tmp_path: Path) -> None:
    source = 'HANDLERS["linear"] = lambda r: reply(r, linear(r["params"]) | {"output": [1.0]})'
    folder, path = folder_of(tmp_path, port(source)), tmp_path / "run.jsonl.gz"
    arguments = ("--case", "tokenizer", "--case", "layers", "--seed", "3")
    run = conformance("run", str(folder), *arguments, "--transcript", str(path))
    shutil.rmtree(folder)
    again = conformance("replay", str(path), "--json", str(tmp_path / "report.json"))
    assert (again.returncode, again.stdout) == (run.returncode, run.stdout)
    assert run.returncode == ExitCode.FAIL
    assert msgspec.json.decode((tmp_path / "report.json").read_bytes())["seed"] == 3
    alone = conformance("replay", str(path), "--case", "layers/linear-square")
    assert "FAIL: 0 of 1 cases passed. Seed 3." in alone.stdout


@pytest.mark.parametrize(
    ("change", "outcome", "message"),
    [
        ("sys.stderr.write('bad luck'); sys.exit(7)", "crash", "exited with code 7"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crash", "ended by SIGSEGV"),
        ("put('{\"jsonrpc\"'); os.abort()", "crash", "SIGABRT after 10 bytes"),
        ("os.close(1); time.sleep(60)", "crash", "closed its output and runs on"),
        ("time.sleep(60)", "timeout", "0 bytes came"),
        ("put('{\"jsonrpc\"'); time.sleep(60)", "timeout", "10 bytes came and no newline"),
        ("put('Hello\\n')", "protocol violation", "'Hello'"),
        ("sys.stdout.buffer.write(b'\\xff\\xfe\\n'); put('')", "protocol violation", "'��'"),
        ("reply(r | {'id': 99}, {})", "protocol violation", "has id 99, the question had id"),
        ("reply(r | {'id': r['id'] - 1}, {})", "protocol violation", "the question had id"),
        ("reply(r, {'characters': 'abc'})", "protocol violation", "got `str` at /result/char"),
        ("refuse(r, -32603, 'out of luck')", "error", "error -32603: out of luck"),
        (
            "put(json.dumps({'jsonrpc': '2.0', 'id': r['id'], 'result': "
            "tokens_of(r['params']['text'])}) + '\\nand more\\n')",
            "protocol violation",
            "a line came before anything was asked: 'and more'",
        ),
        ("put('x' * (65 << 20))", "protocol violation", "more than 64 MiB without a newline"),
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


def test_what_was_given_up_on_is_given_up_on_again(make_port: MakePort, path: Path) -> None:
    made = make_port(port("HANDLERS['tokenize'] = lambda r: sys.exit(3)"))
    report = assert_reproduced(made, path, "tokenizer", "layers/linear-wide", "protocol/shutdown")
    left = [case.slug for case in report.cases if case.outcome is Outcome.NOT_RUN]
    assert left
    with pytest.raises(Unreplayable, match=f"{left[0]} was not asked in the recorded run"):
        replayed(path, left[0])


@pytest.mark.parametrize(
    "source",
    [
        "raise RuntimeError('no')",
        "print('Training...')",
        port("HANDLERS['initialize'] = lambda r: reply(r, {})"),
        port("HANDLERS['initialize'] = lambda r: introduce(r, methods=[])"),
        port("def fall(r):\n    reply(r, {})\n    sys.exit(4)\nHANDLERS['shutdown'] = fall"),
        port("HANDLERS['tokenize'] = lambda r: (os.remove('port.py'), sys.exit(3))"),
    ],
)
def test_a_bad_start_or_end_happens_again(make_port: MakePort, path: Path, source: str) -> None:
    report = record(make_port(source), path, "protocol", "tokenizer/[a-e]*")
    assert same(report, replayed(path))
    assert report.exit_code is not ExitCode.PASS


def test_a_declared_layout_is_applied_again(tmp_path: Path, path: Path) -> None:
    made = arranged_port(tmp_path, "per-head", LAYOUTS["per-head"])
    report = record(made, path, "forward/cold*", "adam/fresh")
    assert report.exit_code is ExitCode.PASS
    assert same(report, replayed(path))


def test_a_layout_that_was_recognised_is_told_again(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layouts, "SECONDS", 200.0)
    report = record(arranged_port(tmp_path, "transposed", ""), path, "forward/cold*")
    assert report.layout
    assert same(report, replayed(path))


@pytest.mark.parametrize("slug", [None, "constant-learning-rate"])
def test_a_stream_is_recorded_step_by_step_and_judged_again(path: Path, slug: str | None) -> None:
    made = oracle_port(*([slug] if slug else []), "--tape")
    report = record(made, path, "train/recorded-in-full", "train/warm-start")
    assert same(report, replayed(path))
    case = case_of(report, "train/recorded-in-full")
    assert case.values > 6 * 4 * 4000
    (alone,) = replayed(path, "train/warm-start").cases
    assert alone.detail == case_of(report, "train/warm-start").detail


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


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Report]:
    """The transcript of a small right port, and its report."""
    folder = folder_of(tmp_path_factory.mktemp("recorded"), port(""))
    path = folder / "run.jsonl"
    report = record(
        find_port(str(folder)), path, "protocol/i*", "tokenizer/[f-w]*", "layers/linear*"
    )
    return path.read_bytes(), report


Change = Callable[[list[dict[str, Any]]], object]


def question_at(lines: list[dict[str, Any]], slug: str) -> int:
    """The index of a case's question."""
    return 1 + next(i for i, line in enumerate(lines) if line.get("slug") == slug)


def ask_otherwise(lines: list[dict[str, Any]]) -> None:
    question = lines[question_at(lines, TOKENS)]
    question["line"] = question["line"].replace('"text":"', '"text":"x')


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (ask_otherwise, "line {at}: the transcript answers another question in tokenizer/words: "
         "recorded with suite 0.1.0, seed 1, on "),
        (lambda lines: lines[0].update(seed=2), "line {fresh}: the transcript answers another q"),
        (lambda lines: lines[0].update(suite_version="\x1b[2J"), None),
        (lambda lines: lines[0].update(schema_version=2), "line 1: a transcript of schema versio"),
        (lambda lines: lines[0].update(precision="float8"), "line 1: not the header of a transc"),
        (lambda lines: lines[0].update(layout=[{"ours": "w8"}]), "line 1: not the header of a tr"),
        (lambda lines: lines[0].update(kind="program"), "line 1: of a program, and only ports ca"),
        (lambda lines: lines[0].update(patterns=["adam"]), "it is about other cases"),
        (lambda lines: lines[0].update(patterns=["no-such"]), "no case matches no-such"),
        (lambda lines: lines.insert(5, {"event": "party"}), "line 6: not an event of a transcrip"),
        (lambda lines: lines[3].update(text=7), "line 4: not an event of a transcript (Expected"),
        (lambda lines: lines.pop(3), "line 3: here a line of the port's answer is missing"),
        (lambda lines: lines.append({"event": "start"}), "line {more}: goes on after its end"),
        (lambda lines: lines.insert(-1, {"event": "case", "slug": TOKENS}), "a second time"),
        (lambda lines: lines.pop(0), "line 1: not the header of a transcript"),
        (lambda lines: lines.insert(3, lines.pop(4)), "a line of the port's answer is missing"),
    ],
)  # fmt: skip
def test_what_is_damaged_or_answers_another_question_is_refused_in_one_line(
    recorded: tuple[bytes, Report], path: Path, change: Change, message: str | None
) -> None:
    lines = [msgspec.json.decode(line) for line in recorded[0].splitlines()]
    places = {
        "at": question_at(lines, TOKENS) + 1, "fresh": question_at(lines, "tokenizer/fresh") + 1,
        "more": len(lines) + 1,
    }  # fmt: skip
    change(lines)
    write_lines(path, lines)
    if message is None:
        assert replayed(path).exit_code is ExitCode.PASS
        return
    with pytest.raises(Unusable) as refused:
        replay_transcript(path)
    assert refused.value.exit_code is ExitCode.USAGE
    assert message.format(**places) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "has not one line; a transcript begins with a header"),
        (b"\xff\xfe\x00", "line 1: not the header of a transcript"),
        (b'{"seed": 1}\n', "line 1: not the header of a transcript"),
        (b"[" * 100_000, "line 1: not the header of a transcript"),
        (b"\x1f\x8b\x07garbage that is no gzip", "line 1: cannot be read: Unknown compression"),
        (b"\x1f\x8b", "has not one line"),
    ],
)
def test_what_is_no_transcript_gives_a_clear_line_and_no_traceback(
    path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unusable) as refused:
        replay_transcript(path)
    assert refused.value.exit_code is ExitCode.USAGE
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("zipped", [False, True])
def test_an_answer_that_suffered_is_not_blamed_on_the_port(
    recorded: tuple[bytes, Report], path: Path, zipped: bool
) -> None:
    content = recorded[0].replace(b'\\"output\\": [', b'\\"output\\": [1', 1)
    assert content != recorded[0]
    path.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(Unusable, match="is damaged: what is in it is not what was written"):
        replay_transcript(path)


def test_on_the_command_line_a_refusal_is_one_line(path: Path) -> None:
    path.write_bytes(b"Hello\n")
    run = conformance("replay", str(path))
    assert run.returncode == ExitCode.USAGE
    assert run.stdout == ""
    assert run.stderr.startswith(f"conformance: {path}, line 1: not the header of a transcript (")
    assert len(run.stderr.splitlines()) == 1


def test_a_case_that_is_not_in_it_is_refused(recorded: tuple[bytes, Report], path: Path) -> None:
    path.write_bytes(recorded[0])
    with pytest.raises(Unusable, match=r"no case of .* matches adam; the first of the \d+ that it"):
        replay_transcript(path, ["adam"])


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_what_is_cut_off_is_replayed_as_far_as_it_is_whole(
    recorded: tuple[bytes, Report], path: Path, share: float, zipped: bool
) -> None:
    content, report = recorded
    content = gzip.compress(content) if zipped else content
    path.write_bytes(content[: int(share * len(content))])
    cut = replayed(path)
    assert cut.exit_code is ExitCode.INTERRUPTED
    whole = [case for case in cut.cases if case.outcome is not Outcome.NOT_RUN]
    assert whole
    assert {case.slug: case.outcome for case in whole}.items() <= {
        case.slug: case.outcome for case in report.cases
    }.items()
    assert replayed(path, "protocol/initialize").verdict.startswith("NOTHING VERIFIED")
    left = next(case.slug for case in cut.cases if case.outcome is Outcome.NOT_RUN)
    assert replayed(path, left).exit_code is ExitCode.INTERRUPTED


def test_a_last_line_without_its_newline_is_whole(
    recorded: tuple[bytes, Report], path: Path
) -> None:
    path.write_bytes(recorded[0].rstrip(b"\n"))
    assert same(recorded[1], replayed(path))


@pytest.mark.parametrize(
    ("name", "number"), [("run.jsonl", signal.SIGINT), ("run.jsonl.gz", signal.SIGKILL)]
)
def test_an_interrupted_or_killed_run_leaves_what_it_had_finished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, number: signal.Signals
) -> None:
    slow = """
    def slow(r):
        open("pid", "w").write(str(os.getpid()))
        time.sleep(60)
    HANDLERS["linear"] = slow
    """
    folder = folder_of(tmp_path, port(slow))
    (folder / "port.toml").write_text((folder / "port.toml").read_text().replace("= 2", "= 60"))
    path, report = tmp_path / name, tmp_path / "report.json"
    run = subprocess.Popen(
        [sys.executable, "-m", "conformance", "run", str(folder), "--json", str(report),
         "--transcript", str(path), "--case", "tokenizer", "--case", "layers"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (folder / "pid").exists() or not (folder / "pid").read_text():
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(number)
    run.communicate(timeout=30)
    again = replayed(path)
    assert again.exit_code is ExitCode.INTERRUPTED
    assert outcomes(again)["tokenizer/words"] == "pass"
    assert case_of(again, "layers/linear-square").detail == "interrupted"
    if number is signal.SIGINT:
        recorded = msgspec.json.decode(report.read_bytes(), type=Report)
        assert same(recorded, again)
    else:
        os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
    assert replay_transcript(path) is ExitCode.INTERRUPTED
    note = capsys.readouterr().err
    assert f"{path} breaks off after line" in note
    assert "in the middle of layers/linear-square: the run was interrupted" in note


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_spoils_the_transcript_and_not_the_run(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, port(""))
    arguments = ("run", str(folder), "--case", "tokenizer", "--transcript")
    run = conformance(*arguments, "/dev/full")
    assert run.returncode == ExitCode.PASS
    assert "the transcript /dev/full is cut off: No space left on device" in run.stderr
    run = conformance(*arguments, str(folder))
    assert run.returncode == ExitCode.USAGE
    assert f"the transcript cannot be written to {folder}: Is a directory" in run.stderr


def test_a_gzipped_transcript_is_one_whatever_its_name(make_port: MakePort, path: Path) -> None:
    zipped = path.with_suffix(".gz")
    report = record(make_port(port("")), zipped, "tokenizer")
    assert gzip.decompress(zipped.read_bytes()).count(b"\n") > 40
    assert same(report, replayed(zipped.rename(path)))
