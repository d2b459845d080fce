"""What a run has left behind: processes, sockets, files."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

MARK = "MICROGPT_ZOO_DEN"
"""Holds an animal's den in the environment of all that is started for it."""

PATIENCE = 5.0
"""Who has been killed is gone by then."""


def left_processes(den: Path, since: float) -> list[psutil.Process]:
    """Live processes of a den: by environment, working folder, or because they were noted.

    Those that are being ended are waited for.
    """
    deadline = time.monotonic() + PATIENCE
    while (left := list(_alive(den, since))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def told(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        doors = [c.laddr.port for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
        listens = f", listening on {doors}" if doors else ""
        return (
            f"process {process.pid} ({' '.join(process.cmdline())[:80]}){listens} was left behind"
        )
    return f"process {process.pid} was left behind"


def listing(den: Path) -> dict[str, int]:
    """All files in a den that are not the port's own, with their sizes."""
    own = den / "port"
    return {
        str(path.relative_to(den)): path.stat().st_size
        for path in sorted(den.rglob("*"))
        if path.is_file() and own not in path.parents
    }


def differing(before: dict[str, int], after: dict[str, int]) -> list[str]:
    """What was done to files that are not the port's own."""
    new = [f"{name} was left behind" for name in after.keys() - before.keys()]
    gone = [f"{name} was removed" for name in before.keys() - after.keys()]
    same = before.keys() & after.keys()
    return sorted(new + gone + [f"{n} was changed" for n in same if before[n] != after[n]])


def _alive(den: Path, since: float) -> Iterator[psutil.Process]:
    noted = _noted(den)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            # A noted id may be another's by now, or mean something in another namespace only.
            is_noted = process.pid in noted and process.create_time() >= since - 1
            if process.status() != psutil.STATUS_ZOMBIE and (is_noted or _is_of(process, den)):
                yield process


def _is_of(process: psutil.Process, den: Path) -> bool:
    with contextlib.suppress(psutil.AccessDenied):
        if process.environ().get(MARK) == str(den):
            return True
    with contextlib.suppress(psutil.AccessDenied):
        return Path(process.cwd()).is_relative_to(den)
    return False


def _noted(den: Path) -> set[int]:
    try:
        return {int(word) for word in (den / "port" / "pids").read_text().split()}
    except FileNotFoundError:
        return set()
