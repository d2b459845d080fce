"""Programs in NumPy and PyTorch that write their traces in files of tensors.

A program that is right is judged right, and one that loses gradients of repeated tokens is
explained.
"""

import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from conformance.explanation.diagnosis import Diagnosis
from conformance.judging.outcome import ExitCode
from conformance.mistakes import MISTAKES
from conformance.runs.tracing import debugged_trace, judged_trace_file
from tests.support.suite import ROOT
from tests.support.tools import python_with_torch

RECORDER = ROOT / "ports_adapter/recorders/recorder_torch.py"
PROGRAMS = ROOT / "tests/support/recorded"
MISTAKE = "embedding-gradient-of-last-occurrence"
OF_TORCH = (
    "PASS: initial weights, tokenizer, logits, loss, gradients, Adam over 3 steps; not shown: "
)
OF_NUMPY = "PASS: initial weights, loss, gradients, Adam over 3 steps; not shown: "

ONE_FILE = """
    import atexit, numpy
    RECORDED_STEPS = {0, 1, 2}
    def record(trace=1, step=None, **fields):
        start = "" if step is None else f"{step}/"
        for part, value in fields.items():
            named = value if isinstance(value, dict) else {"": value}
            for name, x in named.items():
                entries[f"{start}{part}/{name}".rstrip("/")] = numpy.array(x)
    entries = {}
    atexit.register(lambda: numpy.savez("trace.npz", **entries))
"""
"""A recorder that writes one file of everything when the program ends."""


def ran(folder: Path, *command: str, trace: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"MICROGPT_TRACE": trace}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def diagnosis_of(path: Path) -> Diagnosis:
    """The diagnosis by the mistake of these programs, and as many others as are quick to try."""
    others = [mistake for mistake in MISTAKES.values() if mistake.slug != MISTAKE]
    return debugged_trace(path, (), lambda _words: None, [MISTAKES[MISTAKE], *others[:40]])


def is_explained(found: Diagnosis) -> bool:
    """Whether the wrong gradients are found, and named."""
    assert found.report.exit_code is ExitCode.FAIL
    assert found.divergence is not None
    assert found.divergence.case == "backward/trace-grads"
    return [name.slugs for name in found.names] == [[MISTAKE]]


@pytest.mark.slow
def test_a_program_in_numpy_writes_one_file_of_everything(tmp_path: Path) -> None:
    (tmp_path / "recorder_numpy.py").write_text(dedent(ONE_FILE))
    source = (PROGRAMS / "microgpt_numpy.py").read_text()
    adding = 'np.add.at(g["wte"], inputs, dx0)'
    assert adding in source
    for name, program in {
        "right": source,
        "wrong": source.replace(adding, 'g["wte"][inputs] += dx0'),
    }.items():
        (tmp_path / f"{name}.py").write_text(program)
        run = ran(tmp_path, sys.executable, f"{name}.py")
        assert (run.returncode, run.stderr) == (0, "")
        (tmp_path / "trace.npz").replace(tmp_path / f"{name}.npz")
    assert judged_trace_file(tmp_path / "right.npz")[0].verdict.startswith(OF_NUMPY)
    assert is_explained(diagnosis_of(tmp_path / "wrong.npz"))


@pytest.fixture
def torch_folder(tmp_path: Path) -> Path:
    """A folder with the program in PyTorch and its recorder."""
    shutil.copy(RECORDER, tmp_path)
    shutil.copy(PROGRAMS / "microgpt_torch.py", tmp_path)
    return tmp_path


def torch_trace(folder: Path, *arguments: str) -> Path:
    """The trace of the program in PyTorch."""
    name = "trace_of_" + "_".join(["a", *arguments, "program"])
    python = python_with_torch()
    assert python
    run = ran(folder, python, "microgpt_torch.py", *arguments, trace=name)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")
    return folder / name


@pytest.mark.thorough
@pytest.mark.needs("torch")
def test_a_program_in_pytorch_writes_a_folder_of_npz(torch_folder: Path) -> None:
    trace = torch_trace(torch_folder)
    assert judged_trace_file(trace)[0].verdict.startswith(OF_TORCH)
    assert len(list(trace.iterdir())) == 7
    torch_trace(torch_folder)
    assert len(list(trace.iterdir())) == 7  # those of the run before it are gone
    assert is_explained(diagnosis_of(torch_trace(torch_folder, "wrong")))


@pytest.mark.thorough
@pytest.mark.needs("torch")
def test_a_program_in_pytorch_writes_safetensors(torch_folder: Path) -> None:
    use_safetensors(torch_folder)
    trace = torch_trace(torch_folder)
    assert {path.suffix for path in trace.iterdir()} == {".safetensors"}
    assert judged_trace_file(trace)[0].verdict.startswith(OF_TORCH)
    assert is_explained(diagnosis_of(torch_trace(torch_folder, "wrong")))


def use_safetensors(folder: Path) -> None:
    """Let the recorder of a folder write what `safetensors.torch` writes."""
    found = find_spec("safetensors")
    assert found is not None
    assert found.origin is not None
    (folder / "safetensors").symlink_to(Path(found.origin).parent)
    (folder / "recorder_torch.py").write_text(
        dedent(
            """
            import os, torch
            from safetensors.torch import save_file
            RECORDED_STEPS = {0, 1, 2}
            folder = os.environ["MICROGPT_TRACE"]
            os.makedirs(folder, exist_ok=True)
            def record(trace=1, step=None, **fields):
                texts = {part: value for part, value in fields.items() if isinstance(value, str)}
                tensors = {}
                for part, value in fields.items():
                    named = value if isinstance(value, dict) else {"": value}
                    for name, x in named.items():
                        if part not in texts:
                            x = torch.as_tensor(x).detach().contiguous()
                            tensors[f"{part}/{name}".rstrip("/")] = x
                name = "first" if step is None else f"step_{step}_{list(fields)[-1]}"
                save_file(tensors, f"{folder}/{name}.safetensors", metadata=texts)
            """
        )
    )


@pytest.mark.thorough
@pytest.mark.needs("torch")
def test_a_killed_program_has_recorded_its_numbers(torch_folder: Path) -> None:
    numbers = [0.1, -2e-5, 1e-300, 1e21, sys.float_info.max, np.nan, np.inf, -np.inf]
    (torch_folder / "killed.py").write_text(
        dedent(
            """
            import os, sys, torch
            from recorder_torch import record
            from math import inf, nan
            numbers = [0.1, -2e-5, 1e-300, 1e21, sys.float_info.max, nan, inf, -inf]
            of_double = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
            record(trace=1, weights={"x": of_double, "y": of_double.bfloat16()}, vocab="abc")
            os.kill(os.getpid(), 9)
            """
        )
    )
    python = python_with_torch()
    assert python
    run = ran(torch_folder, python, "killed.py")
    assert run.returncode == -signal.SIGKILL, run.stdout + run.stderr
    with np.load(torch_folder / "trace/first.npz") as written:
        np.testing.assert_array_equal(written["weights/x"], numbers)
        assert written["weights/y"].dtype == np.float32
        assert str(written["vocab"]) == "abc"


def test_the_recorder_is_short_and_its_first_lines_show_how_to_call_it() -> None:
    lines = RECORDER.read_text().splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    top = " ".join(lines[:10])
    for name in ("trace", "n_head", "num_steps", "weights", "tokens", "loss", "grads", "m=", "v="):
        assert name in top
