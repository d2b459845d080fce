"""What the suite prints fits a terminal of 80 columns, however long the names in it are."""

import re
import shlex
from pathlib import Path

import pytest

from tests.support.command import run as run_command
from tests.support.ports.broken import MANIFEST, folder_of, wrong_linear
from tests.support.suite import ROOT

pytestmark = pytest.mark.slow

COMMANDS = (
    "run", "debug", "replay", "merge", "all", "scoreboard", "cases", "budget", "doctor", "port",
    "bench", "stages", "score", "protocol",
)  # fmt: skip
STAYS_WHOLE = re.compile(r" *(make |\$EDITOR |\| |\S+$)")
"""A command to paste, a line of a port's log, and a word that is longer than a line."""

WRONG = wrong_linear(
    'a["output"][2] += 1\n'
    'print("a line of the log", "that is long " * 8, file=sys.stderr, flush=True)'
)


def run(line: str, cwd: Path = ROOT) -> str:
    """What a command prints, to whichever stream."""
    done = run_command(*shlex.split(line), cwd=cwd, env={"PATH": "", "PYTHONPATH": str(ROOT)})
    assert "Traceback" not in done.stdout
    return done.stdout + done.stderr


def too_long(printed: str) -> list[str]:
    prose = re.sub(r"as a test in .*?\n(?=FAIL)", "", printed, flags=re.DOTALL)
    lines = [line for line in prose.splitlines() if not STAYS_WHOLE.match(line)]
    return [line for line in lines if len(line) > 80]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a-folder-whose-name-is-rather-long-so-that-lines-are-long")
    return folder_of(folder, WRONG, MANIFEST.replace('"p"', '"a port with a name"'))


@pytest.mark.parametrize(
    "line",
    [
        "conformance --help", "golden --help", "golden build --help", "golden check --help",
        "reference --help", *(f"conformance {command} --help" for command in COMMANDS),
    ],
)  # fmt: skip
def test_help_fits_80_columns(line: str) -> None:
    printed = run(line)
    assert "Usage:" in printed
    assert too_long(printed) == []


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "line",
    [
        "conformance run python --seed 1 --case layers --case 'forward/*' --case random",
        "conformance all --case tokenizer/words --seed 1",
        "conformance cases",
        "conformance cases --profile train0",
        "conformance budget backward/warm-step-453",
        "conformance budget backward/warm-step-453#/grads/wte/3/0",
        "conformance budget backward/warm-step-453#/no/such/number",
        "conformance doctor",
        "conformance scoreboard python rust no-such-port --no-speed --case tokenizer/words",
        "conformance port cobol folder",
        "conformance run js --case bakward/fresh-1",
        "conformance run python --no-baseline --update-baseline",
        "conformance score no-such-mistake",
        "golden check",
        "reference --embedded --steps 2",
        "reference --profile train9",
        "reference --embedded --steps 2 --set learning_rate=1e200",
    ],
)
def test_output_fits_80_columns(line: str) -> None:
    printed = run(line)
    assert printed
    assert too_long(printed) == []


def test_a_failure_fits_80_columns_in_every_form(folder: Path) -> None:
    options = "--seed 5 --case tokenizer/words --case 'layers/linear*' --case protocol"
    first = run(f"conformance run . {options} --transcript run.jsonl", folder)
    assert "run it again:\n    make conform PORT=" in first
    parts = [f"part{index}.json" for index in (1, 2)]
    for index, part in enumerate(parts, 1):
        run(f"conformance run . {options} --shard {index}/2 --json {part}", folder)
    printed = [
        first,
        run("conformance replay run.jsonl", folder),
        run(f"conformance merge {' '.join(parts)}", folder),
        run(f"conformance merge {parts[0]}", folder),
        run(f"conformance debug . {options} --html page.html", folder),
        run("conformance run . --case layers/no-such-case-as-this-one", folder),
        run("conformance scoreboard . --no-speed --history history --case layers", folder),
    ]
    assert [too_long(text) for text in printed] == [[]] * len(printed)
    assert all("First divergence: layers/linear-square" in printed[i] for i in (0, 1, 2, 4))
