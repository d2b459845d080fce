"""A folder for what must be read from a file: one a process, gone with it."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path


def folder(name: str) -> Path:
    """A folder of that name, this process's own."""
    made = _folder_of(os.getpid()) / name
    made.mkdir(exist_ok=True)
    return made


@cache
def _folder_of(process: int) -> Path:
    made = Path(tempfile.mkdtemp(prefix=f"fuzz-{process}-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
