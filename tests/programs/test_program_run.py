"""Programs that go wrong, and how a user has one judged."""

import json
import subprocess
from pathlib import Path

import jsonschema
import psutil
import pytest

from conformance.judging.outcome import ExitCode, Outcome
from conformance.programs.program_report import ProgramReport
from conformance.reports.terminal.program_text import show
from golden.json_documents import schema_of
from ports_adapter.failures import BadManifest
from ports_adapter.manifest import read_manifest
from tests.support.command import run as run_command
from tests.support.judged_programs import MakeProgram, detail, judged
from tests.support.suite import ROOT, unwrapped

REPORT_SCHEMA = ROOT / "conformance" / "programs" / "program_report.schema.json"


@pytest.mark.parametrize(
    ("source", "outcome", "message"),
    [
        ("import time; time.sleep(60)", Outcome.TIMEOUT, "no output within 1 s (timeouts.start)"),
        (
            "import time; print('step 1 / 9 | loss 3.2', flush=True); time.sleep(60)",
            Outcome.TIMEOUT, "no output for 1 s, after 22 bytes (timeouts.message); the last step",
        ),
        ("import sys; sys.exit('no such file')", Outcome.CRASH, "exited with code 1; its standard"),
        ("import os; os.kill(os.getpid(), 11)", Outcome.CRASH, "was ended by SIGSEGV"),
        ("", Outcome.VIOLATION, "printed nothing"),
        ("print('all is well')", Outcome.VIOLATION, "first lines were 'all is well'"),
        ("print('step 1 / 2 | loss nan')", Outcome.MISMATCH, "step 1 printed a loss of nan"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_said_in_one_line(
    program: MakeProgram, source: str, outcome: Outcome, message: str
) -> None:
    report = judged(program(source, message=1.0 if outcome is Outcome.TIMEOUT else 60.0))
    assert report.exit_code is ExitCode.FAIL
    assert [check.outcome for check in report.checks] == [outcome]
    assert message in detail(report)


def test_escapes_in_what_is_printed_never_reach_the_terminal(
    program: MakeProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    source = "print('hi \\x1b]0;title\\x07 \\x1b[31m \\u202e[bold]'); print('\\x00' * 9)"
    report = judged(program(source))
    show(report, Console(force_terminal=False))
    shown = capsys.readouterr().out
    assert not [char for char in shown if not char.isprintable() and char != "\n"]
    assert "[bold]" in shown


@pytest.mark.slow
def test_output_without_end_is_ended(program: MakeProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ports_adapter.unmodified_program.OUTPUT_LIMIT", 1 << 20)
    report = judged(program("while True: print('step 1 / 9 | loss 3.2' * 99)"))
    assert report.checks[0].outcome is Outcome.VIOLATION
    assert "wrote more than" in detail(report)


def test_a_program_may_look_for_its_input_beside_its_folder(program: MakeProgram) -> None:
    source = "print(sum(1 for _ in open('../data.txt')), 'lines')"
    report = judged(program(source, input="../data.txt"))
    assert "first lines were '416 lines'" in detail(report)


def test_nothing_in_the_users_folder_is_touched_and_nothing_lives_on(program: MakeProgram) -> None:
    source = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "outlives"])
here = os.path.dirname(os.path.realpath(__file__))
docs = open(os.path.join(here, "input.txt")).read().split()
open("input.txt", "w").write("overwritten")
open("notes.txt", "a").write("overwritten")
open("new.txt", "w").write("new")
print("num docs:", len(docs), "child", child.pid)
"""
    port = program(source)
    (port.folder / "input.txt").write_text("mine\n")
    (port.folder / "notes.txt").write_text("mine")
    judged(port)
    assert (port.folder / "input.txt").read_text() == "mine\n"
    assert (port.folder / "notes.txt").read_text() == "mine"
    assert not (port.folder / "new.txt").exists()
    processes = psutil.process_iter(["cmdline"])
    assert not [p for p in processes if (p.info["cmdline"] or [])[-1:] == ["outlives"]]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('input = "../../input.txt"', "must be a file in the port's folder or beside it"),
        ('input = "a/../../input.txt"', "must be a file in the port's folder or beside it"),
        ('input = "/input.txt"', "must be a file in the port's folder or beside it"),
        ("num_steps = 0", r"program\.num_steps must be more than 0"),
        ("n_head = 5", "n_head 5 must divide n_embd 16"),
        ("seed = -1", "seed must be 0 or more"),
        ('generator = "mine"', "expected auto, cpython or own"),
    ],
)
def test_a_wrong_program_table_says_what_is_wrong(tmp_path: Path, keys: str, message: str) -> None:
    path = tmp_path / "port.toml"
    start = 'name = "p"\nlanguage = "C"\nrun = ["./p"]\nkind = "program"\n[program]\n'
    path.write_text(start + keys)
    with pytest.raises(BadManifest, match=message):
        read_manifest(path)


def conformance(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_command("conformance", "run", *arguments)


@pytest.mark.slow
def test_the_command_line_judges_a_program_and_writes_its_report(
    taped: MakeProgram, tmp_path: Path
) -> None:
    port = taped()
    words = json.dumps(["{python}", "program.py", str(ROOT), "--steps", "20"])
    (port.folder / "port.toml").write_text(
        f'name = "p"\nlanguage = "Python"\nkind = "program"\nrun = {words}\n'
        "[timeouts]\nstart = 60\n"
    )
    path = tmp_path / "report.json"
    page, junit = tmp_path / "page.html", tmp_path / "junit.xml"
    run = conformance(
        str(port.folder), "--json", str(path), "--sandbox", "never", "--html", str(page),
        "--junit", str(junit),
    )  # fmt: skip
    assert run.returncode == ExitCode.PASS, run.stderr
    assert "has no page" in unwrapped(run.stderr)
    assert not page.exists()
    assert junit.exists()
    assert "PASS: 3 of 3 checks passed." in run.stdout
    assert "evidence, not proof" in unwrapped(run.stdout)
    assert "running on the embedded corpus of bird names" in run.stderr
    report = json.loads(path.read_text())
    jsonschema.validate(report, json.loads(REPORT_SCHEMA.read_text()))
    assert (report["kind"], report["generator"]) == ("program", "cpython")
    refused = conformance(str(port.folder), "--case", "adam")
    assert refused.returncode == ExitCode.USAGE
    assert "there is no --case" in unwrapped(refused.stderr)


def test_the_published_schema_of_the_report_is_the_codes() -> None:
    assert REPORT_SCHEMA.read_bytes() == schema_of(ProgramReport)
