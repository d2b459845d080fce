"""The guardian's requests to the operating system, some of which only Linux supports.

Like the guardian, it imports little of the standard library and nothing else, to start fast.
"""

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
"""The program's `oom_score_adj`: with little memory left, the kernel kills it first."""


class Usage:
    """What a group of processes uses now, and has used since the first one started.

    `memory` and `written` are in bytes, `seconds` is processor time.
    """

    __slots__ = ("memory", "processes", "seconds", "threads", "written")

    def __init__(self) -> None:
        self.memory = self.processes = self.threads = self.written = 0
        self.seconds = 0.0


def become_subreaper() -> bool:
    """Let orphaned descendants become children of this process; False if that is impossible."""
    return _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with(parent: int) -> None:
    """End this process when its parent ends, even if the parent is killed."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def separate_process_ids() -> bool:
    """Make the next child the first process of a namespace, with which all others in it end.

    Then killing cannot be outrun by forking. Only the superuser may do this.
    """
    if not IS_LINUX or os.getuid() != 0:
        return False
    import ctypes

    return bool(ctypes.CDLL(None).unshare(CLONE_NEWPID) == 0)


def bind_tasks(most: int) -> None:
    """Limit processes and threads to `most` more than the user has now.

    The limit does not apply to the superuser, for whom there is `separate_process_ids`.
    """
    if not IS_LINUX or os.getuid() == 0:
        return
    import resource

    limit = _tasks_of(os.getuid()) + most
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))


def offer_to_the_oom_killer() -> None:
    """Let the kernel kill this process and its children first when memory runs out."""
    try:
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(file, KILLED_FIRST)
        os.close(file)
    except OSError:
        return


def exit_code(pid: int) -> int | None:
    """The exit code of a child, negative for a signal, or None while it runs.

    If possible, the child stays a zombie, to keep the id of its process group.
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
    """A file descriptor that becomes readable when a child ends, or None if not supported."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def children(pid: int) -> list[int]:
    """The children of a process, including zombies; empty if the system does not list them."""
    if not _HAS_CHILDREN:
        return [child for child, parent in _parents().items() if parent == pid]
    return [
        int(child)
        for thread in _listed(f"/proc/{pid}/task")
        for child in _read(f"/proc/{pid}/task/{thread}/children").split()
    ]


def usage(guardian: int) -> Usage:
    """What all descendants of a process use, and what dead ones have used."""
    total = Usage()
    _add_past(total, guardian, is_guardian=True)
    family = _descendants(guardian)
    for pid in family:
        _add_past(total, pid)
        total.memory += _number(_read(f"/proc/{pid}/statm").split(), 1) * PAGE
    total.processes = len(family)
    return total


def proportional_memory(guardian: int) -> int:
    """The memory of all descendants in bytes, with shared memory counted once; slow."""
    total = 0
    for pid in _descendants(guardian):
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                total += _number(line.split(), 1) << 10
    return total


def _add_past(total: Usage, pid: int, *, is_guardian: bool = False) -> None:
    """Add what a process has used, and the dead children that it has reaped."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    used = 0 if is_guardian else _number(fields, 11) + _number(fields, 12)
    total.seconds += (used + _number(fields, 13) + _number(fields, 14)) / TICKS
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
    """The number of threads of all processes of a user."""
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
    """The parents of all processes, by id; slow, for kernels that do not list children."""
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
    """A small file of /proc, or empty if its process is gone or access is denied."""
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
