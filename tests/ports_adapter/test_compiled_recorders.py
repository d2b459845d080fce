"""The recorders of compiled languages: what small programs write by them is judged right."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.runs.tracing import judged_trace_file
from tests.support.selection import of_a_language
from tests.support.suite import ROOT
from tests.support.traces import outcomes

RECORDERS = ROOT / "ports_adapter/recorders"
PROGRAMS = ROOT / "tests/support/recorded"


@dataclass(frozen=True)
class Language:
    """How a program and its recorder, beside each other in a folder, are built and run."""

    tool: str
    suffix: str
    build: str
    run: str = "./microgpt"
    precision: str = "float64"


C_WARNINGS = "-Wall -Wextra -Werror"
SWIFT_OPTIONS = "-swift-version 6 -warnings-as-errors -parse-as-library"
JAVA_WARNINGS = "-Xlint:all,-auxiliaryclass -Werror"

LANGUAGES = {
    "C": Language("cc", "c", f"cc -std=c99 {C_WARNINGS} microgpt.c -o microgpt -lm"),
    "C++": Language(
        "c++", "cpp", f"c++ -std=c++17 {C_WARNINGS} microgpt.cpp -o microgpt", precision="float32"
    ),
    "Rust": Language("rustc", "rs", "rustc --edition=2021 -Dwarnings microgpt.rs"),
    "Swift": Language(
        "swift", "swift", f"swiftc {SWIFT_OPTIONS} microgpt.swift recorder.swift -o microgpt"
    ),
    "Go": Language("go", "go", "go build microgpt.go recorder.go"),
    "Java": Language(
        "java", "java", f"javac {JAVA_WARNINGS} microgpt.java recorder.java", "java Microgpt"
    ),
    "C#": Language("mono", "cs", "mcs -warnaserror microgpt.cs recorder.cs", "mono microgpt.exe"),
}

PARAMETERS = [
    of_a_language(name, language, [language.tool]) for name, language in LANGUAGES.items()
]

JUDGED = ("random/trace-weights", "forward/trace-loss", "backward/trace-grads", "adam/trace-update")


def do(command: str, folder: Path, **environment: str) -> None:
    """Run a command in a folder; it has to end well."""
    done = subprocess.run(
        command.split(), cwd=folder, env=os.environ | environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def judged(trace: Path) -> Report:
    return judged_trace_file(trace)[0]


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("language", PARAMETERS)
def test_a_recorded_program_is_judged_by_its_loss_gradients_and_adam(
    language: Language, tmp_path: Path
) -> None:
    shutil.copy(RECORDERS / f"recorder.{language.suffix}", tmp_path)
    shutil.copy(PROGRAMS / f"microgpt.{language.suffix}", tmp_path)
    do(language.build, tmp_path)

    do(language.run, tmp_path)
    right = judged(tmp_path / "trace.jsonl")
    assert right.exit_code is ExitCode.PASS, right.verdict
    assert {outcomes(right)[slug] for slug in JUDGED} == {"pass"}
    assert right.verdict.startswith("PASS: initial weights, loss, gradients, Adam over 3 steps")
    assert right.port.precision == language.precision

    do(f"{language.run} wrong", tmp_path, MICROGPT_TRACE="elsewhere.jsonl")
    wrong = judged(tmp_path / "elsewhere.jsonl")
    assert wrong.exit_code is ExitCode.FAIL, wrong.verdict
    assert wrong.first_divergence == "forward/trace-loss"
    assert outcomes(wrong)["adam/trace-update"] == "pass"


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_a_recorder_is_short_and_its_first_lines_show_how_to_call_it(language: Language) -> None:
    lines = (RECORDERS / f"recorder.{language.suffix}").read_text().splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 110
    top = " ".join(lines[:8])
    for field in ("trace", "n_head", "num_steps", "weights", "tokens", "loss", "grads", "m", "v"):
        assert field in top
