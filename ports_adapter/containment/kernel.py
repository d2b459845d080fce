"""What the guardian asks of the operating system: all that Linux has and others lack is here.

Like the guardian it uses the standard library alone, and little of that, so that it starts fast.
"""

from __future__ import annotations

import os
import signal
import sys

IS_LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG = 1
CLONE_NEWPID = 0x20000000
PR_SET_CHILD_SUBREAPER = 36
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
KILLED_FIRST = b"500"
"""What is added to a program's score when the kernel, out of memory, chooses whom to kill."""


class Usage:
    """What a family of processes holds now, and has used since its first was started.

    `memory` and `written` are in bytes, `seconds` is processor time.
    """

    __slots__ = ("memory", "processes", "seconds", "threads", "written")

    def __init__(self) -> None:
        self.memory = self.processes = self.threads = self.written = 0
        self.seconds = 0.0


def become_subreaper() -> bool:
    """Let every orphan among our descendants become our child; whether that is possible here."""
    return _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with(parent: int) -> None:
    """End this process when its parent ends, also when that is killed."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def separate_process_ids() -> bool:
    """Have the next child be the first process of a namespace, with which all in it end at once.

    Then no forking, however fast, outruns the killing. The superuser alone may do that.
    """
    if not IS_LINUX or os.getuid() != 0:
        return False
    import ctypes

    return bool(ctypes.CDLL(None).unshare(CLONE_NEWPID) == 0)


def bind_tasks(most: int) -> None:
    """Let the kernel refuse more than `most` processes and threads besides the user's others.

    It does so for everybody but the superuser, for whom there is `separate_process_ids`.
    """
    if not IS_LINUX or os.getuid() == 0:
        return
    import resource

    limit = _tasks_of(os.getuid()) + most
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))


def offer_to_the_oom_killer() -> None:
    """Have this process and its children killed before others when memory runs out."""
    try:
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(file, KILLED_FIRST)
        os.close(file)
    except OSError:
        return


def exit_code(pid: int) -> int | None:
    """How a child ended, negative for a signal, or None while it runs.

    Where that is possible the child is left a zombie, so that its process group keeps its id.
    """
    if not hasattr(os, "waitid"):
        ended, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if ended else None
    ended_how = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if ended_how is None:
        return None
    was_killed = ended_how.si_code != os.CLD_EXITED
    return -ended_how.si_status if was_killed else ended_how.si_status


def watched(pid: int) -> int | None:
    """A file descriptor that becomes readable when a child ends, where there is such a thing."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def children(pid: int) -> list[int]:
    """The living and dead children of a process; none where the system cannot say."""
    if not _HAS_CHILDREN:
        return [child for child, parent in _parents().items() if parent == pid]
    return [
        int(child)
        for thread in _listed(f"/proc/{pid}/task")
        for child in _read(f"/proc/{pid}/task/{thread}/children").split()
    ]


def usage(guardian: int) -> Usage:
    """What all descendants of a process use; what the dead ones used is counted, too."""
    total = Usage()
    _add_past(total, guardian, is_guardian=True)
    family = _descendants(guardian)
    for pid in family:
        _add_past(total, pid)
        total.memory += _number(_read(f"/proc/{pid}/statm").split(), 1) * PAGE
    total.processes = len(family)
    return total


def proportional_memory(guardian: int) -> int:
    """The memory of all descendants in bytes, what several of them share counted once; slow."""
    total = 0
    for pid in _descendants(guardian):
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                total += _number(line.split(), 1) << 10
    return total


def _add_past(total: Usage, pid: int, *, is_guardian: bool = False) -> None:
    """Add a process's own use, and that of the dead children it waited for."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    own = 0 if is_guardian else _number(fields, 11) + _number(fields, 12)
    total.seconds += (own + _number(fields, 13) + _number(fields, 14)) / TICKS
    total.threads += 0 if is_guardian else _number(fields, 17)
    for line in _read(f"/proc/{pid}/io").splitlines():
        if line.startswith(b"write_bytes:"):
            total.written += _number(line.split(), 1)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    left = children(pid)
    while left:
        found.append(left.pop())
        left += children(found[-1])
    return found


def _tasks_of(user: int) -> int:
    """How many threads all processes of a user have."""
    total = 0
    for name in filter(str.isdigit, _listed("/proc")):
        try:
            is_theirs = os.stat(f"/proc/{name}").st_uid == user  # noqa: PTH116
        except OSError:
            continue
        if is_theirs:
            fields = _read(f"/proc/{name}/stat").rpartition(b")")[2].split()
            total += _number(fields, 17)
    return total


def _parents() -> dict[int, int]:
    """Of all processes the parent: slow, for kernels that do not list children."""
    pids = [int(name) for name in _listed("/proc") if name.isdigit()] if IS_LINUX else []
    return {pid: _number(_read(f"/proc/{pid}/stat").rpartition(b")")[2].split(), 1) for pid in pids}


def _prctl(option: int, value: int) -> bool:
    if not IS_LINUX:
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)


def _number(words: list[bytes], index: int) -> int:
    return int(words[index]) if index < len(words) else 0


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []


def _read(path: str) -> bytes:
    """A small file of /proc, empty if its process is gone or is not ours to look at."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        content = b""
        while chunk := os.read(file, 1 << 16):
            content += chunk
    except OSError:
        return b""
    finally:
        os.close(file)
    return content


_HAS_CHILDREN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")  # noqa: PTH110
