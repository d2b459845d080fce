"""Reads golden files, and replaces files atomically: whole, or not at all."""

import fcntl
import glob
import os
import tempfile
from contextlib import suppress
from pathlib import Path

GOLDEN = Path(__file__).parent
TRACES = GOLDEN / "traces"
MANIFEST = GOLDEN / "manifest.json"
BUDGETS = GOLDEN / "budgets.json"
TRACE_SCHEMA = GOLDEN / "trace.schema.json"


class UnreadableGolden(Exception):
    """A golden file is missing or cannot be used; the message says how to restore it."""


def read(path: Path) -> bytes:
    """The content of a golden file.

    Raises:
        UnreadableGolden: the file is missing, or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableGolden(
            f"{path} cannot be read: {error.strerror}. `git checkout {path.name}` or "
            "`make golden` restores it."
        ) from None


def replace_file(path: Path, content: bytes) -> bool:
    """Replace the file at `path` atomically; gives whether its content changed.

    An interruption at any moment leaves the old file or the new one, whole. Temporary files of
    killed processes are removed by the next call for the same path.
    """
    _clear(path)
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = _temporary(path)
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


def _temporary(path: Path) -> tuple[int, str]:
    """A temporary file beside `path`, locked as long as this process lives."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        if _locked(handle) and os.fstat(handle).st_nlink:
            return handle, name
        os.close(handle)  # another process removed it before it was locked


def _clear(path: Path) -> None:
    """Remove temporary files beside `path` that no living process has locked."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with suppress(OSError), left.open("rb") as file:
            if _locked(file.fileno()):
                left.unlink()


def _locked(handle: int) -> bool:
    """Lock a file; gives whether that was possible."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
