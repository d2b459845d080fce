"""Printed tests in the languages of our ports: they fail on a slip, and pass without it."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec import structs

from conformance.explanation.printing.test_source import printed
from conformance.explanation.shrinking.search import Smallest
from ports_adapter.kits import write_kit
from ports_adapter.manifest import OURS, Port, find_port
from tests.explanation.test_printing import hostile
from tests.support.changed_ports import Change, changed_port
from tests.support.selection import of_a_port
from tests.support.smallest_cases import found
from tests.support.suite import oracle_port

pytestmark = pytest.mark.slow

PYTEST = (sys.executable, "-m", "pytest", "-q")


def ended(folder: Path, *command: str) -> tuple[int, str]:
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def built_for_debugging(port: Port) -> Port:
    assert ended(port.folder, "cargo", "build", "--offline", "--quiet")[0] == 0
    return structs.replace(port, run=(str(port.folder / "target/debug/microgpt"),))


@dataclass(frozen=True)
class Printed:
    """The tests of a port of ours: its slips, the methods that show them, and how tests are run.

    `asked` is the port that is asked for the smallest cases.
    """

    slips: Sequence[Change]
    methods: Sequence[str]
    tests: str
    command: Callable[[Sequence[str]], Sequence[str]]
    asked: Callable[[Port], Port] = lambda port: port


OF_PORTS = {
    "python": Printed(
        slips=(
            Change(
                "microgpt_numpy/layers.py",
                "output * (output_grad - mean_grad)",
                "output * (output_grad + mean_grad)",
            ),
            Change("microgpt_numpy/adam.py", "m / (1 - optimizer.beta1 ** (step + 1))", "m"),
        ),
        methods=("softmax", "train"),
        tests="tests",
        command=lambda files: (*PYTEST, *files),
    ),
    "js": Printed(
        slips=(
            Change(
                "src/value.js",
                "return new Value(data, this, data);",
                "return new Value(data, this, -data);",
            ),
            Change("src/adam.js", "const mBias = 1 - beta1 ** (step + 1);", "const mBias = 1;"),
        ),
        methods=("evaluate", "backward", "train"),
        tests="test",
        command=lambda files: ("node", "--test", *files),
    ),
    "rust": Printed(
        slips=(
            Change("src/layers.rs", "y * (gradient - mean)", "y * (gradient + mean)"),
            Change("src/adam.rs", "m_bias = T::ONE - beta1.powf(updates)", "m_bias = T::ONE"),
        ),
        methods=("softmax", "backward", "train"),
        tests="tests",
        command=lambda files: (
            *("cargo", "test", "--offline", "--no-fail-fast"),
            *(word for file in files for word in ("--test", Path(file).stem)),
        ),
        asked=built_for_debugging,
    ),
    "swift": Printed(
        slips=(
            Change(
                "Sources/Transformer/Autograd/ScalarLayers.swift",
                "(meanSquare + 1e-5)",
                "(meanSquare + 1e-6)",
            ),
            Change(
                "Sources/Transformer/Program/Adam.swift",
                "mShare = 1 - raised(adam.beta1, to: Double(step + 1))",
                "mShare = 1",
            ),
        ),
        methods=("rmsnorm", "train"),
        tests="Tests/ConformancePortTests",
        command=lambda _files: ("swift", "test", "--filter", "Smallest.*Tests"),
        asked=lambda _port: oracle_port("rms-epsilon-1e-6"),  # a known mistake needs no build
    ),
}


def fails_and_passes_once_mended(
    folder: Path, slips: Sequence[Change], cases: Sequence[Smallest], command: Sequence[str]
) -> None:
    code, said = ended(folder, *command)
    assert code != 0
    for case in cases:
        assert f"{case.divergences[0].pointer}: expected " in said, said
    assert "budget" in said
    for slip in slips:
        shutil.copy(OURS / folder.name / slip.file, folder / slip.file)
    code, said = ended(folder, *command)
    assert code == 0, said


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", [of_a_port(name, name) for name in OF_PORTS])
def test_a_printed_test_fails_on_the_slip_and_passes_without_it(
    name: str, tmp_path: Path, narrow: Smallest
) -> None:
    of_port = OF_PORTS[name]
    folder = changed_port(name, tmp_path, *of_port.slips)
    port = find_port(str(folder))
    asked = of_port.asked(port)
    cases = [*(found(asked, method) for method in of_port.methods), narrow]
    tests = [printed(case, port.language, port) for case in cases]
    files = [f"{of_port.tests}/{test.file_name}" for test in tests]
    for file, test in zip(files, tests, strict=True):
        (folder / file).write_text(test.source)
    fails_and_passes_once_mended(folder, of_port.slips, cases, of_port.command(files))


@pytest.mark.needs("node")
def test_in_any_other_language_the_test_starts_the_port_by_its_command(tmp_path: Path) -> None:
    slips = OF_PORTS["js"].slips[:1]
    folder = changed_port("js", tmp_path, *slips)
    port = find_port(str(folder))
    case = found(port, "evaluate")
    test = printed(case, "CoffeeScript", port)
    assert "subprocess.run(" in test.source
    (folder / test.file_name).write_text(test.source)
    fails_and_passes_once_mended(folder, slips, [case], (*PYTEST, test.file_name))


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("language", "tests", "command"),
    [
        ("rust", "tests", ("cargo", "test", "--offline")),
        ("js", "test", ("node", "--test")),
        ("python", ".", (sys.executable, "-m", "pytest")),
    ],
)
def test_a_starter_kits_handler_is_found(
    tmp_path: Path, language: str, tests: str, command: tuple[str, ...]
) -> None:
    folder = tmp_path / "kit"
    write_kit(language, folder)
    test = printed(hostile(), language, find_port(str(folder)))
    (folder / tests).mkdir(exist_ok=True)
    (folder / tests / test.file_name).write_text(test.source)
    code, said = ended(folder, *command)
    assert code != 0
    assert "there is no method softmax" in said
