"""Programs as they are: read, run, told apart, and judged by what they print."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import psutil
import pytest
from msgspec import structs

from conformance.judging.outcome import ExitCode, Outcome
from conformance.programs.envelope.designs import designed, natural
from conformance.programs.envelope.distance import FALSE_ALARMS, Envelope
from conformance.programs.envelope.reference_losses import (
    curves_of,
    packed,
    shipped,
    simulated,
    unpacked,
)
from conformance.programs.judge_program import judge_program
from conformance.programs.printed_output import LineReader, PrintedLoss, Transcript
from conformance.programs.program_report import ProgramReport
from conformance.programs.step_numbers import schedule_of
from conformance.programs.watcher import Watcher
from conformance.reports.terminal.program_text import show
from golden.json_documents import schema_of
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.failures import BadManifest
from ports_adapter.manifest import Port, read_manifest
from ports_adapter.port_toml import Program, Timeouts
from reference.profiles import MICROGPT
from tests.support.command import run as run_command
from tests.support.programs.mistakes import compiled
from tests.support.suite import ROOT, unwrapped

HERE = ROOT / "tests" / "support" / "programs"
REPORT_SCHEMA = ROOT / "conformance" / "programs" / "program_report.schema.json"

needs_cc = pytest.mark.needs("cc")


def read(*lines: str, end: str = "\n") -> Transcript:
    transcript = Transcript()
    reader = LineReader(transcript)
    for byte in end.join(lines).encode():
        reader.feed(bytes([byte]))
    reader.end()
    return transcript


def steps(transcript: Transcript) -> list[tuple[int, float, float]]:
    return [(loss.step, loss.value, loss.unit) for loss in transcript.losses.values()]


MakeProgram = Callable[..., Port]


@pytest.fixture
def program(tmp_path: Path) -> MakeProgram:
    """A program in a folder of its own: Python source, or a command."""

    def make(
        source: str = "",
        *arguments: str,
        run: tuple[str, ...] = (),
        message: float = 60.0,
        sandbox: Sandbox = Sandbox.NEVER,  # many keep tapes in the user's cache, as ours do
        **keys: object,
    ) -> Port:
        folder = tmp_path / "program"
        folder.mkdir(exist_ok=True)
        (folder / "program.py").write_text(source)
        return Port(
            folder=folder,
            name="made for a test",
            language="Python",
            run=run or (sys.executable, "program.py", *arguments),
            kind="program",
            program=Program(**keys),  # type: ignore[arg-type]
            timeouts=Timeouts(start=message, message=message),
            label=str(folder),
            sandbox=sandbox,
        )

    return make


@pytest.fixture
def taped(program: MakeProgram) -> MakeProgram:
    """The tests' program on tapes, with these options."""

    def make(*options: str, **keys: object) -> Port:
        return program((HERE / "taped.py").read_text(), str(ROOT), *options, **keys)

    return make


def judged(port: Port) -> ProgramReport:
    return judge_program(port, Watcher())


def outcomes(report: ProgramReport) -> dict[str, str]:
    return {check.name: str(check.outcome) for check in report.checks}


def detail(report: ProgramReport) -> str:
    """Of the first failure."""
    return next(check.detail for check in report.checks if check.outcome.is_failure)


# Reading


@pytest.mark.parametrize(
    ("line", "step", "value", "unit"),
    [
        ("step    1 / 1000 | loss 3.3660", 1, 3.366, 1e-4),
        ("Step 1/1000 - Loss: 3.366", 1, 3.366, 1e-3),
        ("iter 10: loss 3.2", 10, 3.2, 0.1),
        ("\x1b[32mstep\x1b[0m 5/1000 \x1b[1mloss\x1b[0m=\x1b[33m2.5\x1b[0m", 5, 2.5, 0.1),
        ('{"step": 12, "loss": 3.36596}', 12, 3.36596, 1e-5),
        ("[  10/1000] loss=3.20e+00 (12.3 ms)", 10, 3.2, 1e-2),
        ("epoch 1 step 5 | avg loss 3.30 | loss 3.21", 5, 3.21, 1e-2),
        ("step 1 of 1000, train_loss: 3.3660, lr 0.01", 1, 3.366, 1e-4),
        ("12.3 ms/step step 7/10 loss 3.1", 7, 3.1, 0.1),
        ("step 17 loss 3,3660", 17, 3.366, 1e-4),
        ("iteration 1,000 / 2,000 loss 2.50", 1000, 2.5, 1e-2),
        ("step 3: 3.3660", 3, 3.366, 1e-4),
        ("10 | loss | 2.345", 10, 2.345, 1e-3),
        ("Loss at step 10: 3.21", 10, 3.21, 1e-2),
        ("loss 3.366 @ step 4", 4, 3.366, 1e-3),
        ("after 1000 steps: loss 2.6497", 1000, 2.6497, 1e-4),
        ("Step #5 -> loss -> 3.1", 5, 3.1, 0.1),
        ("it=10 cross-entropy=3.1", 10, 3.1, 0.1),
        ("Epoch 3/10: Loss 3.2", 3, 3.2, 0.1),
        ("step 2 / 9 | loss: -0.5", 2, -0.5, 0.1),
    ],
)
def test_a_step_and_its_loss_are_read_in_any_common_shape(
    line: str, step: int, value: float, unit: float
) -> None:
    ((got_step, got_value, got_unit),) = steps(read(line))
    assert (got_step, got_value) == (step, value)
    assert got_unit == pytest.approx(unit)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x1b[2K\x1b[1G", "\x1b[1A\x1b[K\n"])
def test_lines_may_be_written_over_each_other(end: str) -> None:
    lines = [f"step {k} / 3 | loss {4 - k}.0000" for k in (1, 2, 3)]
    assert [step for step, _, _ in steps(read(*lines, end=end))] == [1, 2, 3]


@pytest.mark.parametrize(
    "line", ["num docs: 400", "loading step by step", "sample 1: loss", "lr 0.01 at step 3", ""]
)
def test_a_line_without_a_loss_is_none(line: str) -> None:
    assert not read(line).losses


def test_a_table_is_read_below_its_heading() -> None:
    assert [step for step, *_ in steps(read("step,loss", "1,3.3", "2,3.25"))] == [1, 2]
    assert not read("1,3.3", "2,3.25").losses


def test_counts_are_read_as_published() -> None:
    counts = read("num docs: 400", "vocab_size = 27", "num params: 4,192").counts
    assert counts == {"num docs": 400, "vocab size": 27, "num params": 4192}


@pytest.mark.parametrize(
    "lines",
    [
        ("sample  1: ann", "sample  2: ", "sample  3: lea"),
        ("--- inference ---", "1. ann", "2.", "3. lea"),
        ("Sample 1 -> ann", "Sample 2 ->", "Sample 3 -> lea"),
        ("[1] 'ann'", "[2] ''", "[3] 'lea'"),
    ],
)
def test_samples_are_read_with_empty_ones(lines: tuple[str, ...]) -> None:
    assert read("step 1 loss 3.2", *lines).samples() == ["ann", "", "lea"]


def test_samples_may_be_bare_lines_below_a_heading() -> None:
    assert read("step 1 loss 3.2", "Generated names:", " - ann", " - lea").samples() == [
        "ann",
        "lea",
    ]


@pytest.mark.parametrize(
    ("lines", "base", "num_steps"),
    [
        ([f"step {k} / 8 | loss 1.0" for k in range(1, 9)], 1, 8),
        ([f"step {k}/8 loss 1.0" for k in range(8)], 0, 8),
        ([f"iter {k} loss 1.0" for k in range(0, 1000, 100)], 0, 1000),
        ([f"iter {k} loss 1.0" for k in range(100, 1001, 100)], 1, 1000),
        ([f"iter {k} loss 1.0" for k in (1, *range(100, 1001, 100))], 1, 1000),
        ([f"iter {k} loss 1.0" for k in range(99, 1000, 100)], 0, 1000),
        ([f"iter {k} loss 1.0" for k in range(1, 501)], 1, 500),
        ([f"iter {k} loss 1.0" for k in range(500)], 0, 500),
        (["final loss: 1.0"], 1, 1000),
    ],
)
def test_steps_are_counted_from_0_or_1(lines: list[str], base: int, num_steps: int) -> None:
    schedule = schedule_of(read(*lines), None)
    assert (schedule.base, schedule.num_steps) == (base, num_steps)
    assert max(schedule.losses(read(*lines))) < num_steps


# The same generator


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["returns", "colours", "json", "hundredth"])
def test_a_program_that_follows_cpython_is_compared_at_its_digits(
    taped: MakeProgram, shape: str
) -> None:
    report = judged(taped("--shape", shape, "--steps", "201", num_steps=201))
    assert outcomes(report) == {"counts": "pass", "losses": "pass", "samples": "pass"}, report
    assert (report.generator, report.exit_code) == ("cpython", ExitCode.PASS)
    assert "CPython's generator, seed 42" in report.notes[1]
    assert "evidence, not proof" in report.notes[-1]


@pytest.mark.slow
def test_single_precision_that_follows_cpython_passes_if_it_says_so(taped: MakeProgram) -> None:
    port = taped("--precision", "float32", "--shape", "json", "--steps", "300")
    report = judged(structs.replace(port, precision="float32"))
    assert (report.generator, report.exit_code) == ("cpython", ExitCode.PASS), report
    assert judged(port).exit_code is ExitCode.FAIL


@pytest.mark.slow
def test_the_first_wrong_step_is_named(taped: MakeProgram) -> None:
    report = judged(taped("--steps", "60", "--uncorrected"))
    assert report.generator == "cpython"
    assert outcomes(report)["losses"] == "mismatch"
    assert "the first wrong loss is at step 2: expected " in detail(report)
    assert "Adam's first update is wrong" in detail(report)


@pytest.mark.slow
def test_digits_cut_off_are_not_digits_rounded(taped: MakeProgram) -> None:
    report = judged(taped("--steps", "60", "--shape", "cut", generator="cpython"))
    assert report.exit_code is ExitCode.FAIL
    assert "cut off after the last digit" in detail(report)


@pytest.mark.slow
def test_other_samples_than_the_oracles_are_a_mismatch(taped: MakeProgram) -> None:
    report = judged(taped("--steps", "30", "--temperature", "1.0"))
    assert outcomes(report) == {"counts": "pass", "losses": "pass", "samples": "mismatch"}
    assert "sample 1: expected '" in detail(report)


@pytest.mark.slow
def test_a_manifest_that_says_cpython_forces_the_comparison(taped: MakeProgram) -> None:
    options = ("--steps", "30", "--generator", "numpy")
    report = judged(taped(*options, generator="cpython"))
    assert (report.generator, report.exit_code) == ("cpython", ExitCode.FAIL)
    assert "step 1: expected " in detail(report)
    assert "the forward pass already differ" in detail(report)


@pytest.mark.slow
def test_the_reference_itself_is_such_a_program(program: MakeProgram) -> None:
    command = (sys.executable, "-m", "reference", "--corpus", "input.txt", "--steps", "3")
    port = program(run=command)
    (port.folder / "reference").symlink_to(ROOT / "reference")
    report = judged(port)
    assert (report.generator, report.exit_code) == ("cpython", ExitCode.PASS), report


# A generator of its own


def binary(program: MakeProgram, *switches: str) -> Port:
    port = program(run=("./program",))
    compiled(port.folder / "program", *switches)
    return port


@pytest.mark.slow
@needs_cc
@pytest.mark.parametrize("switches", [("SEED=7",), ("SEED=8", "REAL=float")])
def test_an_honest_program_with_its_own_generator_passes(
    program: MakeProgram, switches: tuple[str, ...]
) -> None:
    report = judged(binary(program, *switches))
    assert report.exit_code is ExitCode.PASS, report
    assert report.generator == "own"
    assert sum(check.name.startswith("losses") for check in report.checks) == 4
    notes = " ".join(report.notes)
    assert "a generator of its own" in notes
    assert "evidence, not proof" in notes
    assert "about once in 1000" in notes


@pytest.mark.slow
@pytest.mark.sampled(3)
@needs_cc
@pytest.mark.parametrize(
    ("switches", "check"),
    [
        (("MEAN=1",), "losses, two lengths"),
        (("MEAN=1", "TAKEN=1"), "losses, names"),
        (("BETA1=0.9",), "losses, one document"),
        (("STD=0.02",), "losses, one document"),
        (("CORRECTION(b)=1",), "losses, one document"),
        (("RATE=0.01",), "losses, two letters"),
        (("RESIDUAL=0",), "losses, one document"),
        (("POSITIONS=0",), "losses, two lengths"),
    ],
)
def test_a_mistake_is_seen_on_the_corpus_made_for_it(
    program: MakeProgram, switches: tuple[str, ...], check: str
) -> None:
    report = judged(binary(program, *switches, "SEED=5"))
    assert report.exit_code is ExitCode.FAIL
    assert outcomes(report)[check] == "mismatch", report
    assert "the oracle's runs have" in detail(report)


@pytest.mark.slow
@needs_cc
def test_a_program_that_prints_each_hundredth_step_is_judged_by_those(
    program: MakeProgram,
) -> None:
    report = judged(binary(program, "EVERY=100"))
    assert report.exit_code is ExitCode.PASS, report
    assert any("It prints 10 of 1000 losses" in note for note in report.notes)
    assert judged(binary(program, "EVERY=100", "MEAN=1")).exit_code is ExitCode.FAIL


@pytest.mark.slow
def test_numpys_generator_is_as_good_as_any(taped: MakeProgram) -> None:
    report = judged(taped("--generator", "numpy", "--seed", "3"))
    assert (report.generator, report.exit_code) == ("own", ExitCode.PASS), report


@pytest.mark.slow
def test_a_last_loss_alone_is_judged_with_what_power_remains(taped: MakeProgram) -> None:
    report = judged(taped("--generator", "numpy", "--shape", "last"))
    assert report.exit_code is ExitCode.PASS, report
    assert outcomes(report)["losses, one document"] == "not offered"


# Programs that go wrong otherwise


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


# The oracle's curves


@pytest.mark.slow
def test_the_curves_that_come_with_us_are_the_oracles() -> None:
    config = MICROGPT.config
    for design in (natural(), *designed(config.block_size)):
        kept = shipped(design)
        again = simulated(design, config, [0, 255])
        assert np.abs(np.log(kept[[0, 255]]) - np.log(again)).max() < 2e-4, design.name


def test_packing_curves_keeps_them() -> None:
    curves = np.exp(np.random.default_rng(1).normal(size=(5, 7))).astype(np.float32)
    assert np.abs(np.log(unpacked(packed(curves))) - np.log(curves)).max() < 1e-4


def test_honest_runs_lie_within_the_limit() -> None:
    config = MICROGPT.config
    for design in designed(config.block_size):
        known = curves_of(design, config, Watcher())
        steps = range(known.shape[1])
        envelope = Envelope.of(known, steps, 1e-4, config.num_steps, FALSE_ALARMS / 4)
        for run in known[:24]:
            printed = {
                k: PrintedLoss(k, None, round(float(loss), 4), 1e-4, "")
                for k, loss in enumerate(run)
            }
            assert envelope.fit(printed).is_honest


# The manifest and the command line


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
