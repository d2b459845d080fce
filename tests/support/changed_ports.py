"""Copies of our own ports with a change in a line, as an author might have made it."""

import shutil
from pathlib import Path
from typing import NamedTuple

from ports_adapter.manifest import OURS

BUILT = shutil.ignore_patterns("__pycache__", "target", ".build", "node_modules")


class Change(NamedTuple):
    """A right line of a file, and what it becomes."""

    file: str
    right: str
    wrong: str


def changed_port(name: str, folder: Path, *changes: Change) -> Path:
    """The folder of the copy."""
    copy = folder / name
    shutil.copytree(OURS / name, copy, ignore=BUILT)
    for change in changes:
        put(copy, change)
    return copy


def put(folder: Path, change: Change) -> None:
    """Change a line of a port."""
    path = folder / change.file
    source = path.read_text()
    assert source.count(change.right) == 1, change.right
    path.write_text(source.replace(change.right, change.wrong))
