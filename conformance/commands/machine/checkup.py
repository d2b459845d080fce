"""Examining what the suite itself needs: Python, golden traces, a cache, names.txt, room."""

import os
import platform
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from golden.goldens import load_trace
from golden.store import UnreadableGolden
from reference.data import NAMES_VARIABLE, names_path
from reference.tape import cache

from .finding import Finding, Part, State
from .protection import protection
from .toolchains import toolchains

ROOM = 1 << 30
"""Bytes that should be free for temporary files."""

_finding = partial(Finding, Part.SUITE)


def checkup() -> list[Finding]:
    """All findings, those about the suite itself first."""
    return [_python(), _goldens(), _cache(), _names(), _room(), *protection(), *toolchains()]


def _python() -> Finding:
    what = f"{platform.python_implementation()} {platform.python_version()}, {sys.platform}"
    return _finding("python", State.GOOD, what)


def _goldens() -> Finding:
    try:
        steps = len(load_trace().steps)
    except UnreadableGolden as error:
        return _finding("goldens", State.BROKEN, str(error))
    return _finding("goldens", State.GOOD, f"{steps} steps; `make check` computes them again")


def _cache() -> Finding:
    place = cache.root()
    existing = next(path for path in (place, *place.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        return _finding(
            "cache",
            State.LIMITED,
            f"{place} cannot be written, so every run compiles again",
            "set MICROGPT_CACHE to a folder that can be written",
        )
    return _finding("cache", State.GOOD, f"kernels and tapes in {place}")


def _names() -> Finding:
    path = names_path()
    if path is None:
        advice = f"`make data` downloads it, {NAMES_VARIABLE} names it"
        return _finding("names.txt", State.MISSING, "not found; only --names needs it", advice)
    return _finding("names.txt", State.GOOD, str(path))


def _room() -> Finding:
    place = Path(tempfile.gettempdir())
    free = shutil.disk_usage(place).free
    state = State.GOOD if free >= ROOM else State.LIMITED
    return _finding("room", state, f"{free >> 20:,} MiB free for temporary files in {place}")
