"""A program that writes its trace by a recorder is judged right, and wrong with a mistake in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
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

JUDGED = ("random/trace-weights", "forward/trace-loss", "backward/trace-grads", "adam/trace-update")


@dataclass(frozen=True)
class Language:
    """How a program in a language is run.

    Attributes:
        recorder: the recorder's file.
        program: the program's file.
        run: the command, in a folder that has both files.
        needs: the tools that it takes.
        build: a command before it, if any.
        files: further files in the folder, with their content.
    """

    recorder: str
    program: str
    run: tuple[str, ...]
    needs: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


LANGUAGES = {
    "JavaScript": Language(
        "recorder.js",
        "microgpt.js",
        ("node", "microgpt.js"),
        needs=("node",),
        files=(("package.json", '{"type": "module"}'),),
    ),
    "Python": Language("recorder.py", "microgpt.py", (sys.executable, "microgpt.py")),
    "NumPy": Language(
        "recorder_numpy.py", "microgpt_numpy.py", (sys.executable, "microgpt_numpy.py")
    ),
    "Ruby": Language("recorder.rb", "microgpt.rb", ("ruby", "-w", "microgpt.rb"), ("ruby",)),
    "Lua": Language("recorder.lua", "microgpt.lua", ("lua5.4", "microgpt.lua"), ("lua",)),
    "PHP": Language("recorder.php", "microgpt.php", ("php", "microgpt.php"), ("php",)),
}

EACH_LANGUAGE = [
    pytest.param(language, id=name, marks=[pytest.mark.needs(*language.needs)])
    for name, language in LANGUAGES.items()
]


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("language", EACH_LANGUAGE)
def test_a_recorded_program_is_judged(language: Language, tmp_path: Path) -> None:
    shutil.copy(RECORDERS / language.recorder, tmp_path)
    shutil.copy(PROGRAMS / language.program, tmp_path)
    for name, content in language.files:
        (tmp_path / name).write_text(content)
    if language.build:
        _run(tmp_path, *language.build)

    right = _judged(tmp_path, "right.jsonl", *language.run)
    assert right.exit_code is ExitCode.PASS, right.verdict
    found = outcomes(right)
    assert {slug: found[slug] for slug in JUDGED} == dict.fromkeys(JUDGED, "pass")
    assert right.trace
    assert right.trace.steps == 3  # of the four steps, the last is not recorded

    wrong = _judged(tmp_path, "wrong.jsonl", *language.run, "wrong")
    assert wrong.exit_code is ExitCode.FAIL, wrong.verdict
    assert wrong.first_divergence == "forward/trace-loss"
    assert outcomes(wrong)["adam/trace-update"] == "pass"


def _judged(folder: Path, name: str, *command: str) -> Report:
    """The report on the trace that a program writes to a file."""
    _run(folder, *command, trace=name)
    return judged_trace_file(folder / name)[0]


def _run(folder: Path, *command: str, trace: str = "") -> None:
    environment = os.environ | {"MICROGPT_TRACE": trace}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
