"""Recorders for languages that are interpreted, and for functional ones.

A program that writes its trace by a recorder is judged right, and wrong with a mistake in it.
"""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.runs.tracing import judged_trace_file
from conformance.traces.writing.raw_numbers import raw_tensors
from conformance.traces.writing.record_lines import records
from conformance.traces.writing.records import Head
from tests.support.selection import of_a_language
from tests.support.suite import ROOT
from tests.support.traces import outcomes

RECORDERS = ROOT / "ports_adapter/recorders"
PROGRAMS = ROOT / "tests/support/recorded"

JUDGED = ("random/trace-weights", "forward/trace-loss", "backward/trace-grads", "adam/trace-update")

NUMBERS = [0.1, -2e-05, 1e-300, 1e21, 1.7976931348623157e308, np.nan, np.inf, -np.inf]
"""What a program of each language records before it kills itself."""


@dataclass(frozen=True)
class Language:
    """How a program is run in a folder that has the recorder and the program.

    Attributes:
        recorder: the recorder's file; the program's has `microgpt` instead of `recorder`.
        numbers: a program that records NUMBERS and then kills itself.
        run: the command; `PROGRAM` stands for the program's file without its extension.
        build: a command before it, if any.
        needs: the tools that these take.
        files: further files in the folder, with their content.
    """

    recorder: str
    numbers: str
    run: tuple[str, ...]
    build: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str:
        """The file of the program in this language."""
        return self.recorder.replace("recorder", "microgpt")


LANGUAGES = {
    "JavaScript": Language(
        "recorder.js",
        """
        import { record } from "./recorder.js";
        const numbers = [0.1, -2e-5, 1e-300, 1e21, Number.MAX_VALUE, NaN, Infinity, -Infinity];
        record({ trace: 1, weights: new Float64Array(numbers) });
        process.kill(process.pid, "SIGKILL");
        """,
        run=("node", "PROGRAM.js"),
        needs=("node",),
        files={"package.json": '{"type": "module"}'},
    ),
    "Python": Language(
        "recorder.py",
        """
        import os, sys
        from math import inf, nan
        from recorder import record
        record(trace=1, weights=[0.1, -2e-5, 1e-300, 1e21, sys.float_info.max, nan, inf, -inf])
        os.kill(os.getpid(), 9)
        """,
        run=(sys.executable, "PROGRAM.py"),
    ),
    "NumPy": Language(
        "recorder_numpy.py",
        """
        import os, sys
        from numpy import array, inf, nan
        from recorder_numpy import record
        numbers = [0.1, -2e-5, 1e-300, 1e21, sys.float_info.max, nan, inf, -inf]
        record(trace=1, weights=array(numbers))
        os.kill(os.getpid(), 9)
        """,
        run=(sys.executable, "PROGRAM.py"),
    ),
    "Ruby": Language(
        "recorder.rb",
        """
        require_relative "recorder"
        infinity = Float::INFINITY
        numbers = [0.1, -2e-5, 1e-300, 1e21, Float::MAX, Float::NAN, infinity, -infinity]
        record(trace: 1, weights: numbers)
        Process.kill(:KILL, Process.pid)
        """,
        run=("ruby", "-w", "PROGRAM.rb"),
        needs=("ruby",),
    ),
    "Lua": Language(
        "recorder.lua",
        """
        local record = require("recorder").record
        local huge = 1.7976931348623157e308
        record{trace = 1, weights = {0.1, -2e-5, 1e-300, 1e21, huge, 0/0, 1/0, -1/0}}
        os.execute("kill -9 $PPID")
        """,
        run=("lua5.4", "PROGRAM.lua"),
        needs=("lua", "shell"),
    ),
    "PHP": Language(
        "recorder.php",
        """
        <?php
        require 'recorder.php';
        record(trace: 1, weights: [0.1, -2e-5, 1e-300, 1e21, PHP_FLOAT_MAX, NAN, INF, -INF]);
        system('kill -9 $PPID');
        """,
        run=("php", "PROGRAM.php"),
        needs=("php", "shell"),
    ),
    "Common Lisp": Language(
        "recorder.lisp",
        """
        (load "recorder.lisp")
        (sb-int:with-float-traps-masked (:invalid)
          (let ((infinity sb-ext:double-float-positive-infinity))
            (record :trace 1
                    :weights (list 0.1d0 -2d-5 1d-300 1d21 most-positive-double-float
                                   (- infinity infinity) infinity (- infinity)))))
        (uiop:run-program "kill -9 $PPID")
        """,
        run=("sbcl", "--script", "PROGRAM.lisp"),
        needs=("sbcl", "shell"),
    ),
    "OCaml": Language(
        "recorder.ml",
        """
        let numbers = [| 0.1; -2e-5; 1e-300; 1e21; max_float; nan; infinity; neg_infinity |]
        let () = Recorder.record [ "trace", `Int 1; "weights", `Floats numbers ]
        let _ = Sys.command "kill -9 $PPID"
        """,
        build=("ocamlopt", "recorder.ml", "PROGRAM.ml", "-o", "program"),
        run=("./program",),
        needs=("ocaml", "shell"),
    ),
    "Haskell": Language(
        "recorder.hs",
        """
        import Recorder
        import System.Process (callCommand)
        numbers :: [Double]
        numbers = [0.1, -2e-5, 1e-300, 1e21, 1.7976931348623157e308, 0 / 0, 1 / 0, -1 / 0]
        main = do
          trace <- openTrace
          record trace ["trace" .= 1, "weights" .= numbers]
          callCommand "kill -9 $PPID"
        """,
        build=("ghc", "-v0", "recorder.hs", "PROGRAM.hs", "-o", "program"),
        run=("./program",),
        needs=("haskell", "shell"),
    ),
    "Scheme": Language(
        "recorder.scm",
        """
        (load "recorder.scm")
        (define huge 1.7976931348623157e308)
        (record 'trace 1 'weights (list 0.1 -2e-5 1e-300 1e21 huge (nan) (inf) (- (inf))))
        (kill (getpid) SIGKILL)
        """,
        run=("guile", "--no-auto-compile", "PROGRAM.scm"),
        needs=("guile",),
    ),
}

EACH_LANGUAGE = [
    of_a_language(name, language, language.needs) for name, language in LANGUAGES.items()
]


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("language", EACH_LANGUAGE)
def test_a_recorded_program_is_judged(language: Language, tmp_path: Path) -> None:
    shutil.copy(PROGRAMS / language.program, tmp_path)
    command = _prepared(language, Path(language.program).stem, tmp_path)

    right = _judged(tmp_path, "right.jsonl", *command)
    assert right.exit_code is ExitCode.PASS, right.verdict
    found = outcomes(right)
    assert {slug: found[slug] for slug in JUDGED} == dict.fromkeys(JUDGED, "pass")
    assert right.trace
    assert right.trace.steps == 3  # the program does not record the last of its four steps

    wrong = _judged(tmp_path, "wrong.jsonl", *command, "wrong")
    assert wrong.exit_code is ExitCode.FAIL, wrong.verdict
    assert wrong.first_divergence == "forward/trace-loss"
    assert outcomes(wrong)["adam/trace-update"] == "pass"


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("language", EACH_LANGUAGE)
def test_a_killed_program_has_recorded_its_numbers(language: Language, tmp_path: Path) -> None:
    source = tmp_path / f"killed{Path(language.recorder).suffix}"
    source.write_text(dedent(language.numbers).lstrip())
    command = _prepared(language, "killed", tmp_path)
    run = _run(tmp_path, *command)
    assert run.returncode == -signal.SIGKILL, run.stdout + run.stderr
    with (tmp_path / "trace.jsonl").open("rb") as file:
        (line,) = records(file, pytest.fail)
    assert isinstance(line.record, Head)
    np.testing.assert_array_equal(raw_tensors(line.record.weights, "/weights").numbers, NUMBERS)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_a_recorder_is_short_and_its_first_lines_show_how_to_call_it(language: Language) -> None:
    lines = (RECORDERS / language.recorder).read_text().splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    top = " ".join(lines[:10]).replace("-", "_")
    for name in ("trace", "n_head", "num_steps", "weights", "tokens", "loss", "grads", "m", "v"):
        assert name in top


def _prepared(language: Language, program: str, folder: Path) -> list[str]:
    """The command of a program in a folder, once the recorder is there and it is built."""
    shutil.copy(RECORDERS / language.recorder, folder)
    for name, content in language.files.items():
        (folder / name).write_text(content)
    if language.build:
        built = _run(folder, *(word.replace("PROGRAM", program) for word in language.build))
        assert built.returncode == 0, built.stdout + built.stderr
    return [word.replace("PROGRAM", program) for word in language.run]


def _judged(folder: Path, name: str, *command: str) -> Report:
    """The report on the trace that a program writes to a file."""
    run = _run(folder, *command, MICROGPT_TRACE=name)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")
    return judged_trace_file(folder / name)[0]


def _run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"MICROGPT_TRACE": ""} | variables
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
