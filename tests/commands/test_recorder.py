"""`conformance recorder` lists the recorders, and prints one as it is."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.commands.cli import main
from conformance.commands.write import trace_recorder
from conformance.commands.write.trace_recorder import RECORDERS
from conformance.judging.outcome import ExitCode


def test_recorders_are_listed_and_printed_as_they_are() -> None:
    listed = CliRunner().invoke(main, ["recorder"])
    assert listed.exit_code == ExitCode.PASS
    files = dict(re.split("  +", line)[:2] for line in listed.output.splitlines())
    there = sorted(path.name for path in RECORDERS.iterdir() if path.is_file())
    assert sorted(files.values()) == there != []
    for name, file in files.items():
        printed = CliRunner().invoke(main, ["recorder", name])
        assert printed.output == (RECORDERS / file).read_text()


def test_the_list_says_which_recorders_are_not_tested() -> None:
    lines = CliRunner().invoke(main, ["recorder"]).output.splitlines()
    assert [line.split() for line in lines if "not tested" in line] == [
        ["Julia", "recorder.jl", "(not", "tested)"]
    ]
    assert "# Not tested" in CliRunner().invoke(main, ["recorder", "julia"]).output


@pytest.mark.parametrize(
    ("language", "file"),
    [
        ("c++", "recorder.cpp"),
        ("CPP", "recorder.cpp"),
        ("Rust", "recorder.rs"),
        ("c", "recorder.c"),
    ],
)
def test_a_language_is_a_name_or_a_suffix(language: str, file: str) -> None:
    printed = CliRunner().invoke(main, ["recorder", language])
    assert printed.output == (RECORDERS / file).read_text()


def test_a_file_that_is_added_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recorder.zig").write_text("// zig\n")
    (tmp_path / "recorder_numpy.py").write_text("# arrays\n")
    (tmp_path / "notes.txt").write_text("no recorder\n")
    monkeypatch.setattr(trace_recorder, "RECORDERS", tmp_path)
    listed = CliRunner().invoke(main, ["recorder"]).output
    assert listed == "NumPy  recorder_numpy.py\nZig    recorder.zig\n"
    assert CliRunner().invoke(main, ["recorder", "numpy"]).output == "# arrays\n"
    assert CliRunner().invoke(main, ["recorder", "zig"]).output == "// zig\n"


def test_an_unknown_language_is_told_which_there_are() -> None:
    refused = CliRunner().invoke(main, ["recorder", "cobol"])
    assert refused.exit_code == ExitCode.USAGE
    words = " ".join(refused.stderr.split())
    assert "there is no recorder in 'cobol'; there are C, " in words
    assert "Rust" in words
    assert not refused.stdout
