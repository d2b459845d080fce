"""Files of answers that are cut off, of something else, or not as a port writes them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import Report
from ports_adapter import process
from ports_adapter.answers import answer_file, answered_client
from ports_adapter.manifest import find_port
from tests.support.answer_files import answer, ask, judged
from tests.support.command import run as run_command
from tests.support.ports.broken import folder_of
from tests.support.suite import case_of, outcomes, unwrapped

CASES = ("protocol/initialize", "tokenizer/[l-w]*", "layers/linear*")
TOKENS = "tokenizer/words"

Files = tuple[Path, Path]
Lines = list[bytes]
Change = Callable[[Lines], object]


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """Questions, and the answers of a right port."""
    folder = folder_of(tmp_path_factory.mktemp("answered"))
    questions = ask(folder / "questions.jsonl", *CASES)
    answers = answer(find_port(str(folder)).run, folder, questions, folder / "answers.jsonl")
    return questions.read_bytes(), answers.read_bytes()


@pytest.fixture
def files(right: tuple[bytes, bytes], tmp_path: Path) -> Files:
    """A copy of both."""
    paths = tmp_path / "questions.jsonl", tmp_path / "answers.jsonl"
    for path, content in zip(paths, right, strict=True):
        path.write_bytes(content)
    return paths


def changed(files: Files, change: Change) -> Report:
    lines = files[1].read_bytes().splitlines(keepends=True)
    change(lines)
    files[1].write_bytes(b"".join(lines))
    return judged(*files)


def failures(report: Report) -> dict[str, str]:
    return {case.slug: case.detail for case in report.cases if case.outcome.is_failure}


def tokens_at(files: Files) -> int:
    """The index of the line that answers `tokenizer/words`."""
    slugs = list(outcomes(judged(*files)))
    return slugs.index(TOKENS) + 1


def test_a_missing_answer_fails_its_case_alone(files: Files) -> None:
    at = tokens_at(files)
    report = changed(files, lambda lines: lines.pop(at))
    assert list(failures(report)) == [TOKENS]
    assert case_of(report, TOKENS).outcome is Outcome.CRASH
    assert f"answers.jsonl has no answer to it, with id {at + 1}" in failures(report)[TOKENS]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"Training...\n", "not a JSON-RPC message: 'Training...'"),
        (b"\n", "it printed an empty line instead of an answer"),
        (b'{"jsonrpc": "2.0"}\n', "the answer has no id, but the question has id"),
        (b'{"jsonrpc": "2.0", "result"\n', "not JSON (write an answer as one line"),
        (b"[" * 100_000 + b"\n", "not a JSON-RPC message"),
        (b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"\x1b[2J"}}\n', "-32700"),
        (b"\xff\xfe\x00\n", "not a JSON-RPC message"),
    ],
)
def test_a_line_that_is_no_answer_fails_the_case_whose_answer_was_due(
    files: Files, line: bytes, message: str
) -> None:
    at = tokens_at(files)
    report = changed(files, lambda lines: lines.insert(at, line))
    assert list(failures(report)) == [TOKENS]
    assert message in failures(report)[TOKENS]
    assert failures(report)[TOKENS].isprintable()


def test_a_question_that_is_answered_twice_fails_its_case(files: Files) -> None:
    at = tokens_at(files)
    report = changed(files, lambda lines: lines.append(lines[at]))
    assert list(failures(report)) == [TOKENS]
    assert "answers it twice, in lines" in failures(report)[TOKENS]


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_file_that_breaks_off_fails_there_and_the_rest_is_not_run(
    files: Files, share: float
) -> None:
    content = files[1].read_bytes()
    files[1].write_bytes(content[: content.index(b"\n", int(share * len(content))) - 3])
    report = judged(*files)
    assert report.exit_code is ExitCode.FAIL
    first, *rest = [case for case in report.cases if case.outcome.is_failure]
    assert first.outcome is Outcome.CRASH
    assert "answers.jsonl breaks off in line" in first.detail
    assert {case.outcome for case in rest} == {Outcome.NOT_RUN}
    assert all("answers.jsonl has no more answers" in case.detail for case in rest)


def test_a_file_that_ends_after_a_whole_line_fails_there_too(files: Files) -> None:
    def cut(lines: Lines) -> None:
        del lines[4:]

    first, *rest = failures(changed(files, cut)).values()
    assert "has no answer to it" in first
    assert rest
    assert len({*rest}) == 1


def test_a_last_line_without_its_newline_is_whole(files: Files) -> None:
    files[1].write_bytes(files[1].read_bytes().rstrip(b"\n"))
    assert judged(*files).exit_code is ExitCode.PASS


def test_a_line_longer_than_any_answer_fails_its_case(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (process, answer_file, answered_client):
        monkeypatch.setattr(module, "LINE_LIMIT", 1 << 20)
    at = tokens_at(files)
    report = changed(files, lambda lines: lines.insert(at, b"9" * (3 << 20) + b"\n"))
    assert list(failures(report)) == [TOKENS]
    assert f"line {at + 1}: a line of more than 1 MiB" in failures(report)[TOKENS]


def test_a_port_that_never_introduced_itself_is_not_asked(files: Files) -> None:
    report = changed(files, lambda lines: lines.insert(0, b"Hello\n"))
    assert report.exit_code is ExitCode.FAIL
    assert "did not introduce itself: not a JSON-RPC message: 'Hello'" in failures(report)[TOKENS]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty: the port answered nothing"),
        ("{}".encode("utf-16"), "is UTF-16, as PowerShell's > writes it"),
        (b'{"jsonrpc":"2.0","id":1,"method":"initialize"}\n', "line 1: a question, not an answer"),
        (b'{"jsonrpc":"2.0","id":77,"result":{}}\n', "line 1: it answers id 77, and no question"),
    ],
)
def test_answers_that_cannot_be_used_are_refused_in_one_line(
    files: Files, content: bytes | None, message: str
) -> None:
    files[1].unlink()
    if content is not None:
        files[1].write_bytes(content)
    with pytest.raises(Unusable) as refused:
        judged(*files)
    assert refused.value.exit_code is ExitCode.USAGE
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_answers_without_the_introduction_are_refused(files: Files) -> None:
    with pytest.raises(Unusable, match="no answer to the first question, initialize"):
        changed(files, lambda lines: lines.pop(0))


@pytest.mark.slow
def test_answers_to_the_questions_of_another_seed_are_refused(files: Files, tmp_path: Path) -> None:
    other = ask(tmp_path / "other.jsonl", *CASES, seed=2)
    run = run_command("conformance", "judge", other, files[1])
    assert run.returncode == ExitCode.USAGE
    assert "These are answers to other questions" in unwrapped(run.stderr)
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace(b'"seed":1', b'"seed":2', 1), "line 1: this suite asks another"),
        (lambda text: text.replace(b'"text":"', b'"text":"x', 1), ": this suite asks another"),
        (lambda text: text.replace(b"0.1.0", b"0.0.9", 1), "by version 0.0.9 on "),
        (lambda text: text[: len(text) // 2], ": this suite asks another question"),
        (lambda text: b"".join(text.splitlines(keepends=True)[:-1]), "it is cut off"),
        (lambda text: text + b"{}\n", "or was added to"),
        (lambda _: b"Hello\n", "line 1: not a file of questions"),
        (lambda _: b"", "line 1: not a file of questions"),
        (lambda _: b"[" * 100_000, "line 1: not a file of questions"),
        (lambda text: text.replace(b'"microgpt",', b'"no such",', 1), "no such"),
        (lambda text: text.replace(b'"profile":"microgpt"', b'"profile":"x"', 1), "profile"),
    ],
)
def test_questions_that_the_suite_did_not_write_are_refused_in_one_line(
    files: Files, change: Callable[[bytes], bytes], message: str
) -> None:
    files[0].write_bytes(change(files[0].read_bytes()))
    with pytest.raises(Unusable) as refused:
        judged(*files)
    assert refused.value.exit_code is ExitCode.USAGE
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_case_that_was_not_asked_is_refused(files: Files) -> None:
    with pytest.raises(Unusable, match=r"questions\.jsonl asks no case that matches adam"):
        judged(*files, "adam")
