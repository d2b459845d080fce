"""Transcripts that are damaged, cut off or of something else, and runs that end too early."""

import gzip
import os
import signal
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import Report
from conformance.runs.replaying import replay_transcript
from ports_adapter.manifest import find_port
from tests.support.command import conformance, started, wait_for_marks
from tests.support.ports.broken import SLOW, folder_of, port
from tests.support.suite import MakePort, case_of, outcomes, unwrapped
from tests.support.transcripts import record, replayed, same

TOKENS = "tokenizer/words"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


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


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Report]:
    """The transcript of a small right port, and its report."""
    folder = folder_of(tmp_path_factory.mktemp("recorded"))
    path = folder / "run.jsonl"
    report = record(
        find_port(str(folder)), path, "protocol/i*", "tokenizer/[f-w]*", "layers/linear*"
    )
    return path.read_bytes(), report


def refusal(path: Path) -> str:
    """The line in which the replay of a transcript is refused."""
    with pytest.raises(Unusable) as refused:
        replay_transcript(path)
    assert refused.value.exit_code is ExitCode.USAGE
    assert "\n" not in str(refused.value)
    return str(refused.value)


Change = Callable[[list[dict[str, Any]]], object]


def question_at(lines: list[dict[str, Any]], slug: str) -> int:
    return 1 + next(i for i, line in enumerate(lines) if line.get("slug") == slug)


def ask_otherwise(lines: list[dict[str, Any]]) -> None:
    question = lines[question_at(lines, TOKENS)]
    question["line"] = question["line"].replace('"text":"', '"text":"x')


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (ask_otherwise, "line {at}: the transcript answers another question in tokenizer/words: "
         "it was recorded with suite 0.1.0 and seed 1 on "),
        (lambda lines: lines[0].update(seed=2), "line {fresh}: the transcript answers another q"),
        (lambda lines: lines[0].update(suite_version="\x1b[2J"), None),
        (lambda lines: lines[0].update(schema_version=2), "line 1: schema version 2, but this"),
        (lambda lines: lines[0].update(precision="float8"), "line 1: not the header of a transc"),
        (lambda lines: lines[0].update(layout=[{"ours": "w8"}]), "line 1: not the header of a tr"),
        (lambda lines: lines[0].update(kind="program"), "line 1: kind program; only a port"),
        (lambda lines: lines[0].update(patterns=["adam"]), "it is about other cases"),
        (lambda lines: lines[0].update(patterns=["no-such"]), "no case matches no-such"),
        (lambda lines: lines.insert(5, {"event": "party"}), "line 6: not an event of a transcrip"),
        (lambda lines: lines[3].update(text=7), "line 4: not an event of a transcript (Expected"),
        (lambda lines: lines.pop(3), "line 3: a line of the port's answer is missing"),
        (lambda lines: lines.append({"event": "start"}), "line {more}: an event after the end"),
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
    assert message.format(**places) in refusal(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty; a transcript starts with a header"),
        (b"\xff\xfe\x00", "line 1: not the header of a transcript"),
        (b'{"seed": 1}\n', "line 1: not the header of a transcript"),
        (b"[" * 100_000, "line 1: not the header of a transcript"),
        (b"\x1f\x8b\x07garbage that is no gzip", "line 1: cannot be read: Unknown compression"),
        (b"\x1f\x8b", "is empty"),
    ],
)
def test_what_is_no_transcript_gives_a_clear_line_and_no_traceback(
    path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        path.write_bytes(content)
    assert message in refusal(path)


@pytest.mark.parametrize("zipped", [False, True])
def test_an_answer_that_suffered_is_not_blamed_on_the_port(
    recorded: tuple[bytes, Report], path: Path, zipped: bool
) -> None:
    content = recorded[0].replace(b'\\"output\\": [', b'\\"output\\": [1', 1)
    assert content != recorded[0]
    path.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(Unusable, match="is damaged: its content does not match the checksum"):
        replay_transcript(path)


def test_on_the_command_line_a_refusal_is_one_sentence(path: Path) -> None:
    path.write_bytes(b"Hello\n")
    run = conformance("replay", str(path))
    assert run.returncode == ExitCode.USAGE
    assert run.stdout == ""
    assert unwrapped(run.stderr).startswith(
        f"conformance: {path}, line 1: not the header of a transcript ("
    )
    assert len(run.stderr.splitlines()) <= 4


def test_a_case_that_is_not_in_it_is_refused(recorded: tuple[bytes, Report], path: Path) -> None:
    path.write_bytes(recorded[0])
    with pytest.raises(Unusable, match=r"no case of .* matches adam; the first of its \d+ cases"):
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "number"), [("run.jsonl", signal.SIGINT), ("run.jsonl.gz", signal.SIGKILL)]
)
def test_an_interrupted_or_killed_run_leaves_what_it_had_finished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, number: signal.Signals
) -> None:
    folder = folder_of(tmp_path / "port", SLOW)
    path, report = tmp_path / name, tmp_path / "report.json"
    cases = ("--case", "tokenizer", "--case", "layers")
    run = started("run", folder, "--json", report, "--transcript", path, *cases)
    wait_for_marks(run, folder)
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
    note = unwrapped(capsys.readouterr().err)
    assert f"{path} breaks off after line" in note
    assert "in the middle of layers/linear-square: the run was interrupted" in note


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_spoils_the_transcript_and_not_the_run(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "port")
    arguments = ("run", str(folder), "--case", "tokenizer", "--transcript")
    run = conformance(*arguments, "/dev/full")
    assert run.returncode == ExitCode.PASS
    assert "the transcript /dev/full is cut off: No space left on device" in unwrapped(run.stderr)
    run = conformance(*arguments, str(folder))
    assert run.returncode == ExitCode.USAGE
    assert f"the transcript cannot be written to {folder}: Is a directory" in unwrapped(run.stderr)


def test_a_gzipped_transcript_is_one_whatever_its_name(make_port: MakePort, path: Path) -> None:
    zipped = path.with_suffix(".gz")
    report = record(make_port(port("")), zipped, "tokenizer")
    assert gzip.decompress(zipped.read_bytes()).count(b"\n") > 40
    assert same(report, replayed(zipped.rename(path)))
