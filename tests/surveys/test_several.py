"""`make conform-all`: every port whose toolchain is there, and the others by name."""

from pathlib import Path

import pytest

from conformance.cases.request import Request
from conformance.judging.outcome import ExitCode
from conformance.surveys.all_ports import judge_each, present_and_absent
from ports_adapter.manifest import our_ports
from tests.support.command import conformance


@pytest.mark.needs("swift")
@pytest.mark.needs("cargo")
@pytest.mark.needs("node", "chromium")
@pytest.mark.slow
def test_every_port_of_ours_is_run() -> None:
    cases = ("--case", "tokenizer/words", "--case", "adam/cold-step-1")
    ended = conformance("all", *cases, "--seed", "1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = dict(line.split(maxsplit=1) for line in ended.stdout.splitlines())
    assert list(lines) == our_ports()
    assert all(line.startswith("PASS: 2 of 2") for line in lines.values())


@pytest.mark.slow
def test_a_port_without_its_toolchain_is_left_out_by_name(tmp_path: Path) -> None:
    ended = conformance("all", "--case", "tokenizer/words", "--seed", "1", PATH=str(tmp_path))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    left_out = [line for line in ended.stdout.splitlines() if "left out" in line]
    assert [line.split()[0] for line in left_out] == [
        "js", "js:page", "rust", "rust:float32", "swift", "swift:vectors",
    ]  # fmt: skip
    assert left_out[0].endswith("left out: node is not installed, or not on PATH")


@pytest.mark.needs("swift")
@pytest.mark.needs("cargo")
@pytest.mark.needs("node", "chromium")
def test_all_toolchains_are_here() -> None:
    assert present_and_absent() == (our_ports(), {})


@pytest.mark.slow
@pytest.mark.needs("node")
def test_what_is_wrong_with_one_port_does_not_keep_from_the_next(tmp_path: Path) -> None:
    (tmp_path / "port.toml").write_text('name = "p"\nlanguage = "C"\nrun = ["./nothing"]')
    request = Request("", ("tokenizer/words",), seed=1)
    broken, missing, right = judge_each([str(tmp_path), "nowhere", "js"], request)
    assert broken.exit_code is ExitCode.UNUSABLE_PORT
    assert "./nothing does not exist" in broken.sentence
    assert missing.exit_code is ExitCode.USAGE
    assert right.exit_code is ExitCode.PASS
    assert right.sentence.startswith("PASS: 1 of 1")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("--case", "no-such-case"), ("--seed", "-1")])
def test_a_wrong_command_line_is_one(arguments: tuple[str, ...]) -> None:
    ended = conformance("all", *arguments)
    assert ended.returncode == ExitCode.USAGE
