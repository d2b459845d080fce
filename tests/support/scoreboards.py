"""Scoreboards of small ports, run as a user runs them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema

from conformance.commands.published_pages import BOARD_SCHEMA
from tests.support.command import run as run_command
from tests.support.suite import ROOT, living

CASES = ("--case", "tokenizer/words", "--case", "layers/linear-square", "--seed", "1")
TWO = (*CASES, "--no-speed")
"""What a board of these tests asks its ports: two cases, and not how fast they are."""

Make = Callable[..., Path]
Completed = subprocess.CompletedProcess[str]


def scoreboard(*arguments: str | Path) -> Completed:
    return run_command("conformance", "scoreboard", *arguments)


def started(*arguments: str | Path) -> subprocess.Popen[str]:
    """A scoreboard that runs, for those who want to end it."""
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", "scoreboard", *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(run: subprocess.Popen[str]) -> Completed:
    out, errors = run.communicate(timeout=60)
    assert "Traceback" not in errors
    return subprocess.CompletedProcess(run.args, run.returncode, out, errors)


def wait_for_marks(run: subprocess.Popen[str], *folders: Path) -> None:
    """Wait until the ports in these folders have left their process ids."""
    marks = [folder / "pid" for folder in folders]
    while not all(mark.exists() and mark.read_text() for mark in marks):
        assert run.poll() is None
        time.sleep(0.05)


def rows_of(run: Completed) -> dict[str, dict[str, Any]]:
    """The rows by the last part of their folder's name, in their order."""
    assert "Traceback" not in run.stderr, run.stderr
    board = json.loads(run.stdout)
    jsonschema.validate(board, json.loads(BOARD_SCHEMA.read_text()))
    assert board["exit_code"] == run.returncode
    return {Path(row["label"]).name: row for row in board["rows"]}


def is_gone(folder: Path) -> bool:
    """Whether a port got as far as to leave its mark, and nothing of it runs any more."""
    until = time.monotonic() + 10  # who guards it ends it once the run is gone
    while living(folder) and time.monotonic() < until:
        time.sleep(0.05)
    return (folder / "pid").exists() and not living(folder)
