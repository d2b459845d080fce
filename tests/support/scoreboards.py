"""Scoreboards of small ports, run as a user runs them."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema

from conformance.commands.published_pages import BOARD_SCHEMA
from tests.support.suite import living

CASES = ("--case", "tokenizer/words", "--case", "layers/linear-square", "--seed", "1")
TWO = (*CASES, "--no-speed")
"""What a board of these tests asks its ports: two cases, and not how fast they are."""

Make = Callable[..., Path]
Completed = subprocess.CompletedProcess[str]


def ended(run: subprocess.Popen[str]) -> Completed:
    out, errors = run.communicate(timeout=60)
    assert "Traceback" not in errors
    return subprocess.CompletedProcess(run.args, run.returncode, out, errors)


def rows_of(run: Completed) -> dict[str, dict[str, Any]]:
    """The rows by the last part of their folder's name, in their order."""
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
