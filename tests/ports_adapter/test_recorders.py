"""Recorders: a program that writes its trace by one is judged right, and wrong with a mistake."""

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from conformance.commands.write.trace_recorder import is_tested, recorders
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.runs.tracing import judged_trace_file
from conformance.traces.writing.raw_numbers import raw_tensors
from conformance.traces.writing.record_lines import records
from conformance.traces.writing.records import Head
from tests.support.selection import of_a_language
from tests.support.suite import ROOT
from tests.support.tools import zig
from tests.support.traces import outcomes

RECORDERS = ROOT / "ports_adapter/recorders"
PROGRAMS = ROOT / "tests/support/recorded"

JUDGED = ("random/trace-weights", "forward/trace-loss", "backward/trace-grads", "adam/trace-update")

NUMBERS = [0.1, -2e-05, 1e-300, 1e21, 1.7976931348623157e308, np.nan, np.inf, -np.inf]
"""What a program records before it kills itself."""


@dataclass(frozen=True)
class Language:
    """How a program is run in a folder that has the recorder and the program.

    Attributes:
        recorder: the recorder's file; those of programs have another word instead of `recorder`.
        run: the command; `PROGRAM` stands for the program's file without its extension, `PYTHON`
            and `ZIG` for theirs.
        build: a command before it, if any.
        needs: the tools that these take.
        files: further files in the folder, with their content.
        precision: of the program.
    """

    recorder: str
    run: str = "./program"
    build: str = ""
    needs: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    precision: str = "float64"

    def program(self, word: str) -> Path:
        """The program `microgpt`, which trains, or `killed`, which records NUMBERS."""
        return PROGRAMS / self.recorder.replace("recorder", word)


C_WARNINGS = "-Wall -Wextra -Werror"
SWIFT_OPTIONS = "-swift-version 6 -warnings-as-errors -parse-as-library"
TYPESCRIPT_OPTIONS = "--strict --noUncheckedIndexedAccess --target es2022 --module nodenext"
JAVA_WARNINGS = "-Xlint:all,-auxiliaryclass -Werror"

NODE_TYPES = """
declare module "node:fs" {
  function openSync(path: string, flags: string): number;
  function writeSync(file: number, text: string): number;
}
declare const process: {
  argv: string[];
  env: Record<string, string | undefined>;
  pid: number;
  kill(pid: number, signal: string): void;
};
"""
"""What the programs in TypeScript use of the package @types/node."""

LANGUAGES = {
    "C": Language(
        "recorder.c", build=f"cc -std=c99 {C_WARNINGS} PROGRAM.c -o program -lm", needs=("cc",)
    ),
    "C++": Language(
        "recorder.cpp",
        build=f"c++ -std=c++17 {C_WARNINGS} PROGRAM.cpp -o program",
        needs=("c++",),
        precision="float32",
    ),
    "Rust": Language(
        "recorder.rs",
        build="rustc --edition=2021 -Dwarnings PROGRAM.rs -o program",
        needs=("rustc",),
    ),
    "Swift": Language(
        "recorder.swift",
        build=f"swiftc {SWIFT_OPTIONS} PROGRAM.swift recorder.swift -o program",
        needs=("swift",),
    ),
    "Go": Language(
        "recorder.go", build="go build -o program PROGRAM.go recorder.go", needs=("go",)
    ),
    "Java": Language(
        "recorder.java",
        build=f"javac {JAVA_WARNINGS} PROGRAM.java recorder.java",
        run="java Microgpt",
        needs=("java",),
    ),
    "C#": Language(
        "recorder.cs",
        build="mcs -warnaserror PROGRAM.cs recorder.cs",
        run="mono PROGRAM.exe",
        needs=("mono",),
    ),
    "JavaScript": Language(
        "recorder.js",
        run="node PROGRAM.js",
        needs=("node",),
        files={"package.json": '{"type": "module"}'},
    ),
    "TypeScript": Language(
        "recorder.ts",
        build=f"tsc {TYPESCRIPT_OPTIONS} node.d.ts PROGRAM.ts",
        run="node PROGRAM.js",
        needs=("node", "tsc"),
        files={"package.json": '{"type": "module"}', "node.d.ts": NODE_TYPES},
    ),
    "Python": Language("recorder.py", run="PYTHON PROGRAM.py"),
    "NumPy": Language("recorder_numpy.py", run="PYTHON PROGRAM.py", precision="float32"),
    "Ruby": Language("recorder.rb", run="ruby -w PROGRAM.rb", needs=("ruby",)),
    "Lua": Language("recorder.lua", run="lua5.4 PROGRAM.lua", needs=("lua", "shell")),
    "PHP": Language("recorder.php", run="php PROGRAM.php", needs=("php", "shell")),
    "Common Lisp": Language(
        "recorder.lisp", run="sbcl --script PROGRAM.lisp", needs=("sbcl", "shell")
    ),
    "OCaml": Language(
        "recorder.ml", build="ocamlopt recorder.ml PROGRAM.ml -o program", needs=("ocaml", "shell")
    ),
    "Haskell": Language(
        "recorder.hs", build="ghc -v0 recorder.hs PROGRAM.hs -o program", needs=("haskell", "shell")
    ),
    "Scheme": Language("recorder.scm", run="guile --no-auto-compile PROGRAM.scm", needs=("guile",)),
    "Zig": Language(
        "recorder.zig", build="ZIG build-exe PROGRAM.zig -lc --name program", needs=("zig",)
    ),
    "Nim": Language(
        "recorder.nim",
        build="nim compile --hints:off --nimcache:cache --out:program PROGRAM.nim",
        needs=("nim", "cc", "shell"),
    ),
    "Elixir": Language(
        "recorder.ex", run="env LC_ALL=C.UTF-8 elixir PROGRAM.ex", needs=("elixir", "shell")
    ),
    "Kotlin": Language(
        "recorder.kt",
        build="kotlinc -Werror recorder.kt PROGRAM.kt -include-runtime -d program.jar",
        run="java -jar program.jar",
        needs=("kotlin", "java", "shell"),
    ),
}

EACH_LANGUAGE = {
    name: of_a_language(name, language, language.needs) for name, language in LANGUAGES.items()
}
KILLED = [EACH_LANGUAGE[n] for n, of in LANGUAGES.items() if of.program("killed").exists()]


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("language", EACH_LANGUAGE.values())
def test_a_recorded_program_is_judged(language: Language, tmp_path: Path) -> None:
    command = _prepared(language, language.program("microgpt"), tmp_path)

    right = _judged(tmp_path, "right.jsonl", *command)
    assert right.exit_code is ExitCode.PASS, right.verdict
    found = outcomes(right)
    assert {slug: found[slug] for slug in JUDGED} == dict.fromkeys(JUDGED, "pass")
    assert right.trace
    assert right.trace.steps == 3  # the program does not record the last of its four steps
    judged = "PASS: initial weights, (tokenizer, )?loss, gradients, Adam over 3 steps"
    assert re.match(judged, right.verdict)
    assert right.port.precision == language.precision

    wrong = _judged(tmp_path, "wrong.jsonl", *command, "wrong")
    assert wrong.exit_code is ExitCode.FAIL, wrong.verdict
    assert wrong.first_divergence == "forward/trace-loss"
    assert outcomes(wrong)["adam/trace-update"] == "pass"


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("language", KILLED)
def test_a_killed_program_has_recorded_its_numbers(language: Language, tmp_path: Path) -> None:
    run = _run(tmp_path, *_prepared(language, language.program("killed"), tmp_path))
    assert run.returncode == -signal.SIGKILL, run.stdout + run.stderr
    with (tmp_path / "trace.jsonl").open("rb") as file:
        (line,) = records(file, pytest.fail)
    assert isinstance(line.record, Head)
    np.testing.assert_array_equal(raw_tensors(line.record.weights, "/weights").numbers, NUMBERS)


def test_a_recorder_that_no_test_runs_is_said_to_be_untested() -> None:
    run = {language.recorder for language in LANGUAGES.values()} | {"recorder_torch.py"}
    untested = {path.name for path in RECORDERS.iterdir()} - run
    assert {path.name for path in recorders().values() if not is_tested(path)} == untested
    says_so = {path.name for path in RECORDERS.iterdir() if "Not tested" in path.read_text()}
    assert says_so == untested


@pytest.mark.parametrize("recorder", sorted(path.name for path in RECORDERS.iterdir()))
def test_a_recorder_is_short_and_its_first_lines_show_how_to_call_it(recorder: str) -> None:
    lines = (RECORDERS / recorder).read_text().splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    top = " ".join(lines[:8]).replace("-", "_")
    for name in ("trace", "n_head", "num_steps", "weights", "tokens", "loss", "grads", "m", "v"):
        assert name in top


def _prepared(language: Language, program: Path, folder: Path) -> list[str]:
    """The command of a program in a folder, once it is there with its recorder, and built."""
    for path in (RECORDERS / language.recorder, program):
        shutil.copy(path, folder)
    for name, content in language.files.items():
        (folder / name).write_text(content)
    named = {"PROGRAM": program.stem, "PYTHON": sys.executable, "ZIG": zig() or "zig"}
    build, run = (
        [re.sub("|".join(named), lambda found: named[found[0]], word) for word in words.split()]
        for words in (language.build, language.run)
    )
    if build:
        built = _run(folder, *build)
        assert built.returncode == 0, built.stdout + built.stderr
    return run


def _judged(folder: Path, name: str, *command: str) -> Report:
    """The report on the trace that a program writes to a file."""
    run = _run(folder, *command, MICROGPT_TRACE=name)
    unexpected = re.sub(r"step \d loss \S+\n", "", run.stdout) + run.stderr
    assert (run.returncode, unexpected) == (0, "")
    return judged_trace_file(folder / name)[0]


def _run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"MICROGPT_TRACE": ""} | variables
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
