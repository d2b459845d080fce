"""The recorders of compiled languages: honest small programs that call them are judged right."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.runs.tracing import judged_trace_file
from tests.support.suite import ROOT
from tests.support.traces import outcomes

RECORDERS = ROOT / "ports_adapter/recorders"
PROGRAMS = ROOT / "tests/support/recorded"


@dataclass(frozen=True)
class Language:
    """How a program and its recorder, beside each other in a folder, are built and run."""

    suffix: str
    build: str
    run: str = "./microgpt"
    precision: str = "float64"

    def built_in(self, folder: Path) -> None:
        for path in (RECORDERS / f"recorder.{self.suffix}", PROGRAMS / f"microgpt.{self.suffix}"):
            shutil.copy(path, folder)
        self._do(self.build, folder)

    def report(self, folder: Path, *arguments: str) -> Report:
        """The report on a run of the program."""
        trace = folder / "written.jsonl"
        self._do(" ".join((self.run, *arguments)), folder, MICROGPT_TRACE=str(trace))
        return judged_trace_file(trace)[0]

    @staticmethod
    def _do(command: str, folder: Path, **environment: str) -> None:
        done = subprocess.run(
            command.split(), cwd=folder, env=os.environ | environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


C_FLAGS = "-Wall -Wextra -Werror -Wno-unused-function"

LANGUAGES = {
    "C": (Language("c", f"cc -std=c99 {C_FLAGS} -o microgpt microgpt.c -lm"), "cc"),
    "C++": (
        Language("cpp", f"c++ -std=c++17 {C_FLAGS} -o microgpt microgpt.cpp", precision="float32"),
        "c++",
    ),
    "Rust": (Language("rs", "rustc --edition=2021 -Dwarnings microgpt.rs"), "rustc"),
    "Swift": (
        Language(
            "swift",
            "swiftc -swift-version 6 -warnings-as-errors -parse-as-library -o microgpt "
            "microgpt.swift recorder.swift",
        ),
        "swift",
    ),
    "Go": (Language("go", "go build -o microgpt microgpt.go recorder.go"), "go"),
}

PARAMETERS = [
    pytest.param(language, marks=pytest.mark.needs(tool), id=name)
    for name, (language, tool) in LANGUAGES.items()
]

RIGHT = {
    "random/trace-weights": "pass",
    "forward/trace-loss": "pass",
    "backward/trace-grads": "pass",
    "adam/trace-update": "pass",
}


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("language", PARAMETERS)
def test_a_recorded_program_is_judged_by_its_loss_gradients_and_adam(
    language: Language, tmp_path: Path
) -> None:
    language.built_in(tmp_path)
    right = language.report(tmp_path)
    assert right.exit_code is ExitCode.PASS, right.verdict
    assert {slug: outcomes(right)[slug] for slug in RIGHT} == RIGHT
    assert right.verdict.startswith("PASS: initial weights, loss, gradients, Adam over 3 steps")
    assert right.port.precision == language.precision

    wrong = language.report(tmp_path, "wrong")
    assert wrong.exit_code is ExitCode.FAIL, wrong.verdict
    assert wrong.first_divergence == "forward/trace-loss"
    assert outcomes(wrong)["adam/trace-update"] == "pass"


def test_a_recorder_is_short_and_shows_in_its_first_lines_how_to_call_it() -> None:
    for path in RECORDERS.glob("recorder.*"):
        lines = path.read_text().splitlines()
        assert len(lines) <= 40, path
        assert max(map(len, lines)) <= 110, path
        assert "num_steps" in " ".join(lines[:12]), path
