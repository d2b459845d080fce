"""Questions as a file: a port answers them through a plain pipe, and is judged as in a run."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import CaseReport, Report
from ports_adapter.manifest import Port, find_port
from tests.support.answer_files import answer, answered, ask
from tests.support.changed_ports import Change, changed_port
from tests.support.command import run as run_command
from tests.support.ports.broken import folder_of, port, wrong_linear
from tests.support.suite import MakePort, case_of, outcomes, run_suite, unwrapped

OF_A_FILE = "judged from a file of answers"
CHEAP = ("protocol", "tokenizer/[f-w]*", "layers/linear*")
MANY = ("protocol", "layers/linear*", "forward/cold*", "backward/fresh*", "adam/fresh")
FIRST_OUTPUT = 'a["output"][0] += 1'
SCALE = Change("src/layers.js", "div(query.length ** 0.5)", "div(query.length)")


def numbers(report: Report) -> list[CaseReport]:
    """The cases of a report, without their times, the command for each, and how a port exits."""
    return [
        structs.replace(case, seconds=0.0, rerun="")
        for case in report.cases
        if case.slug != "protocol/shutdown"
    ]


def assert_as_in_a_run(port: Port, folder: Path, *patterns: str) -> Report:
    report, run = answered(port, folder, *patterns), run_suite(port, *patterns)
    assert numbers(report) == numbers(run)
    assert (report.exit_code, report.grade) == (run.exit_code, run.grade)
    assert report.levels[1:] == run.levels[1:]
    assert report.first_divergence == run.first_divergence
    assert report.verdict.endswith(OF_A_FILE)
    return report


@pytest.mark.slow
def test_a_right_port_passes_as_in_a_run(make_port: MakePort, tmp_path: Path) -> None:
    report = assert_as_in_a_run(make_port(port("")), tmp_path, *CHEAP)
    assert report.exit_code is ExitCode.PASS
    assert report.answers == str(tmp_path / "answers.jsonl")
    assert (report.port.name, report.port.language) == ("test", "Python")


@pytest.mark.slow
def test_a_wrong_port_fails_as_in_a_run(make_port: MakePort, tmp_path: Path) -> None:
    made = make_port(port(wrong_linear(FIRST_OUTPUT)))
    report = assert_as_in_a_run(made, tmp_path, *CHEAP)
    assert report.exit_code is ExitCode.FAIL
    assert report.first_divergence.startswith("layers/linear")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["js", "python", "python:float32"])
def test_our_ports_pass_with_the_numbers_of_a_run(tmp_path: Path, name: str) -> None:
    report = assert_as_in_a_run(find_port(name), tmp_path, *MANY)
    assert report.exit_code is ExitCode.PASS
    assert case_of(report, "backward/fresh-1").values > 1000


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["js", "python"])
def test_our_ports_pass_all_cases_with_the_numbers_of_a_run(tmp_path: Path, name: str) -> None:
    assert assert_as_in_a_run(find_port(name), tmp_path).exit_code is ExitCode.PASS


@pytest.mark.slow
@pytest.mark.needs("node")
def test_a_planted_mistake_is_found_as_in_a_run(tmp_path: Path) -> None:
    wrong = find_port(str(changed_port("js", tmp_path, SCALE)))
    report = assert_as_in_a_run(wrong, tmp_path, "layers/attention*", "forward/cold*")
    assert report.exit_code is ExitCode.FAIL
    assert report.first_divergence.startswith("layers/attention")


@pytest.mark.slow
def test_a_port_without_intermediates_may_refuse_to_give_them(
    make_port: MakePort, tmp_path: Path
) -> None:
    source = """
    def forward(r):
        p = r["params"]
        if p.get("intermediates"):
            return refuse(r, -32602, "no intermediates here")
        reply(r, {"logits": [[0.0] * len(p["weights"]["wte"])] * (len(p["tokens"]) - 1)})
    HANDLERS["forward"] = forward
    HANDLERS["initialize"] = lambda r: introduce(r, methods=["forward"])
    """
    report = assert_as_in_a_run(make_port(port(source)), tmp_path, "forward/cold-step-1")
    assert case_of(report, "forward/cold-step-1").outcome is Outcome.MISMATCH


def test_questions_for_another_precision_are_refused(make_port: MakePort, tmp_path: Path) -> None:
    single = make_port(port("HANDLERS['initialize'] = lambda r: introduce(r, precision='float32')"))
    with pytest.raises(Unusable, match="write the questions again with --precision float32"):
        answered(single, tmp_path, "layers/linear-square")


def test_questions_about_a_profile_that_is_not_offered_say_so(
    make_port: MakePort, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "HANDLERS['initialize'] = lambda r: introduce(r, profiles=['train1', 'train3'])"
    answered(make_port(port(source)), tmp_path, "layers/linear-square")
    assert "write the questions again with --profile train3" in unwrapped(capsys.readouterr().err)


def test_what_a_port_does_not_offer_does_not_count(make_port: MakePort, tmp_path: Path) -> None:
    report = answered(make_port(port("")), tmp_path, "layers/softmax-plain", "layers/linear-square")
    assert outcomes(report) == {
        "layers/softmax-plain": "not offered",
        "layers/linear-square": "pass",
    }


@pytest.mark.slow
def test_answers_may_come_in_any_order_and_from_two_runs_of_the_port(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "port")
    run = find_port(str(folder)).run
    questions = ask(tmp_path / "questions.jsonl", *CHEAP)
    lines = questions.read_bytes().splitlines(keepends=True)
    pieces = []
    for number, piece in enumerate((lines[:1] + lines[9:], lines[:9])):
        part = tmp_path / f"part-{number}"
        part.write_bytes(b"".join(piece))
        pieces.append(answer(run, folder, part, tmp_path / "answered").read_bytes())
    answers = tmp_path / "answers.jsonl"
    answers.write_bytes(b"\xef\xbb\xbf" + b"".join(pieces).replace(b"\n", b"\r\n"))
    judged = run_command("conformance", "judge", questions, answers)
    assert judged.returncode == ExitCode.PASS, judged.stdout


def test_the_first_line_holds_the_seed_and_each_id_a_checksum(tmp_path: Path) -> None:
    first, other = (ask(tmp_path / f"{n}.jsonl", *CHEAP, seed=n) for n in (1, 2))
    lines: list[Any] = [msgspec.json.decode(line) for line in first.read_bytes().splitlines()]
    assert lines[0]["params"]["questions"]["seed"] == 1
    assert [line["id"] // 1000 for line in lines] == list(range(1, len(lines) + 1))
    ids = {msgspec.json.decode(line)["id"] for line in other.read_bytes().splitlines()}
    assert len(ids & {line["id"] for line in lines}) <= 1


@pytest.mark.slow
def test_the_commands_write_every_form_and_name_the_file(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "port", wrong_linear(FIRST_OUTPUT))
    questions = tmp_path / "questions.jsonl"
    cases = [word for pattern in CHEAP for word in ("--case", pattern)]
    asked = run_command("conformance", "ask", "--out", questions, "--seed", "3", *cases)
    assert asked.returncode == 0
    assert "questions, seed 3. Let the port answer them, and then:" in asked.stderr
    answers = answer(find_port(str(folder)).run, folder, questions, tmp_path / "answers.jsonl")
    forms = ("json", "junit", "markdown", "html", "badge")
    outputs = [word for form in forms for word in (f"--{form}", str(tmp_path / form))]
    baseline = tmp_path / "baseline.toml"
    known = ("--baseline", baseline, "--update-baseline")
    judged = run_command("conformance", "judge", questions, answers, *outputs)
    assert judged.returncode == ExitCode.FAIL
    assert f"conformance judge {questions} {answers} --case layers/linear" in judged.stdout
    assert f"{OF_A_FILE}. Seed 3." in unwrapped(judged.stdout)
    for form in forms[:4]:
        assert "answers.jsonl" in (tmp_path / form).read_text(), form
    judged = run_command("conformance", "judge", questions, answers, *known)
    assert judged.returncode == ExitCode.PASS
    assert "known failure" in judged.stdout
    judged = run_command("conformance", "judge", questions, answers, *known[:2], *outputs)
    assert judged.returncode == ExitCode.PASS
    assert "from a file" in (tmp_path / "badge").read_text()


@pytest.mark.thorough
@pytest.mark.needs("node")
def test_a_planted_mistake_is_named_without_the_port(tmp_path: Path) -> None:
    wrong = find_port(str(changed_port("js", tmp_path, SCALE)))
    questions = ask(tmp_path / "questions.jsonl", "layers/attention*", "forward/cold*")
    answers = answer(wrong.run, wrong.folder, questions, tmp_path / "answers.jsonl")
    explained = run_command("conformance", "debug", questions, answers)
    assert explained.returncode == ExitCode.FAIL
    assert "To blame: attention." in explained.stdout
    assert "attention-scale-without-a-root" in explained.stdout
