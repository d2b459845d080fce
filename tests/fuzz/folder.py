"""A folder for what must be read from a file: one a process, gone with it."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path


def folder() -> Path:
    """This process's own folder."""
    return _folder_of(os.getpid())


@cache
def _folder_of(process: int) -> Path:
    made = Path(tempfile.mkdtemp(prefix=f"fuzz-{process}-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
