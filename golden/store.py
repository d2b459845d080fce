"""Where the golden files are, and how they are read and replaced: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

GOLDEN = Path(__file__).parent
TRACES = GOLDEN / "traces"
MANIFEST = GOLDEN / "manifest.json"
BUDGETS = GOLDEN / "budgets.json"
TRACE_SCHEMA = GOLDEN / "trace.schema.json"


class UnreadableGolden(Exception):
    """A golden file is missing or cannot be read; the message says how to get it back."""


def read(path: Path) -> bytes:
    """The content of a golden file.

    Raises:
        UnreadableGolden: the file is not there, or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableGolden(
            f"{path} cannot be read: {error.strerror}. `git checkout {path.name}` brings it back, "
            "`make golden` writes it anew."
        ) from None


def replace_file(path: Path, content: bytes) -> bool:
    """Put `content` at `path` in one step, and say whether anything changed.

    An interruption at any moment leaves either the old file whole or the new one.
    """
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True
