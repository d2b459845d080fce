"""The guardian of one program: starts it, keeps it within its limits, ends all that it started.

A script of its own, started as `python -I -S guardian.py` by `contained.py`. It lives as long as
the runner holds the other end of its control pipe: when that is closed, or the runner is gone, it
kills every descendant, removes the private temporary folder and exits. On its status pipe it
tells, a line each:

    started PID           the program runs
    failed ERRNO          it could not be executed
    over NAME USED LIMIT  it went beyond a limit, and is being ended
    ended CODE            it has ended, negative for a signal
"""

from __future__ import annotations

import fcntl
import os
import resource
import select
import signal
import sys
import time

sys.path.insert(0, __file__.rpartition("/ports_adapter/")[0])

from ports_adapter.containment import folders, kernel

SHORTEST, LONGEST = 0.02, 0.1
"""Seconds between two looks at what a program uses; short while it grows fast."""

LEAST_REST = 20
"""So many times as long as it looks it rests, so that it takes 5 % of a core at most."""

SECONDS_TO_DIE = 15.0
STARTED = b"0"
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
IGNORED_HERE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Guardian:
    """Watches over one program.

    Args:
        control: the pipe whose other end is the runner's alone.
        status: the pipe to tell the runner by.
        private: the temporary folder, which is made and removed here.
        limits: by name.
    """

    def __init__(self, control: int, status: int, private: str, limits: dict[str, int]) -> None:
        self.status = status
        self.private = private
        self.limits = limits
        self.runner = os.getppid()
        self.program = self.told = 0
        self.is_apart = False
        self.has_ended = self.is_over = False
        self.held = 0
        self.rest = SHORTEST
        self.next_sizing = 0.0
        self.in_folder = 0
        self.poll = select.poll()
        self.poll.register(control, select.POLLIN)
        self.control = control

    def start(self, folder: str, command: list[str], stdout: int) -> None:
        """Start the program, or tell why that is impossible."""
        self.told, tell = _pipe_above(stdout)
        guardian = os.getpid()
        self.is_apart = stdout == 1 and kernel.separate_process_ids()
        self.program = os.fork()
        if self.program == 0:
            try:
                os.setsid()
                kernel.die_with(0 if self.is_apart else guardian)
                kernel.offer_to_the_oom_killer()
                if self.is_apart:
                    tell = _first_process(tell)
                _become(folder, command, stdout, self.limits)
            except OSError as error:
                os.write(tell, b"%d\n" % (error.errno or 0))
            finally:
                os._exit(127)
        os.close(tell)
        number = _line(self.told)
        if number not in (b"", STARTED):
            self.tell(f"failed {number.decode()}")
            self.has_ended = True
            return
        below = kernel.children(self.program) if self.is_apart else []
        self.tell(f"started {below[0] if below else self.program}")

    def tell(self, line: str) -> None:
        """Tell the runner, if it is still there."""
        try:
            os.write(self.status, line.encode() + b"\n")
        except OSError:
            return

    def watch(self) -> None:
        """Watch until the runner lets go, or is gone."""
        ending = None if self.has_ended else kernel.watched(self.program)
        if ending is not None:
            self.poll.register(ending, select.POLLIN)
        while True:
            ready = {file for file, _ in self.poll.poll(self.rest * 1000)}
            if self.control in ready or os.getppid() != self.runner:
                return
            if ending in ready and ending is not None:
                self.poll.unregister(ending)
            begun = time.perf_counter()
            self.look()
            looked = time.perf_counter() - begun
            self.rest = max(self.rest, min(1.0, LEAST_REST * looked))

    def look(self) -> None:
        """Tell whether the program has ended, and end it where it goes beyond a limit."""
        self.reap()
        if not self.has_ended and (code := kernel.exit_code(self.program)) is not None:
            self.has_ended = True
            if self.is_apart:  # that was the first process, which has told of the program's end
                code = int(_line(self.told) or -signal.SIGKILL)
            self.tell(f"ended {code}")
        if not self.is_over and (excess := self.excess()):
            self.is_over = True
            self.tell(f"over {excess}")
            self.end_all()
            self.look()

    def excess(self) -> str:
        """The first limit that is passed, what was used and what is allowed, or nothing."""
        usage = kernel.usage(os.getpid())
        fast = usage.memory - self.held > self.limits["memory_mib"] << 15 or usage.processes > 50
        self.held = usage.memory
        self.rest = SHORTEST if fast else min(LONGEST, self.rest * 1.5)
        if usage.memory >> 20 > self.limits["memory_mib"]:
            usage.memory = kernel.proportional_memory(os.getpid()) or usage.memory
        used = {
            "memory_mib": usage.memory >> 20,
            "processes": usage.processes,
            "threads": usage.threads,
            "processor_s": int(usage.seconds),
            "written_mib": max(usage.written, self.folder_size()) >> 20,
        }
        for name, amount in used.items():
            if amount > self.limits[name]:
                return f"{name} {amount} {self.limits[name]}"
        return ""

    def folder_size(self) -> int:
        """The size of the private folder, looked at the more rarely the longer that takes."""
        now = time.monotonic()
        if now >= self.next_sizing:
            self.in_folder = folders.size_of(self.private)
            took = time.monotonic() - now
            self.next_sizing = now + max(2 * LONGEST, LEAST_REST * took)
        return self.in_folder

    def reap(self) -> None:
        """Bury the dead that became our children; the program itself stays for its id."""
        for child in kernel.children(os.getpid()):
            if child != self.program:
                try:
                    os.waitpid(child, os.WNOHANG)
                except ChildProcessError:
                    continue

    def bury(self) -> None:
        """Give up the program's id, when nothing is left to be killed by it."""
        try:
            os.waitpid(self.program, os.WNOHANG)
        except ChildProcessError:
            return

    def end_all(self) -> None:
        """Kill every descendant.

        The program's group goes at once, however fast it forks. Of the rest only our own
        children are killed: what a dead one leaves behind becomes ours, and the id of a child
        that nobody has waited for is nobody else's.
        """
        deadline = time.monotonic() + SECONDS_TO_DIE
        while self.program and time.monotonic() < deadline:
            _kill(-self.program)
            others = [pid for pid in kernel.children(os.getpid()) if pid != self.program]
            for pid in others:
                _kill(pid)
            self.reap()
            if not others and (self.has_ended or kernel.exit_code(self.program) is not None):
                return
            time.sleep(0.001)


def _kill(pid: int) -> None:
    """Kill a process, or a process group if negative, as far as we may."""
    try:
        os.killpg(-pid, signal.SIGKILL) if pid < 0 else os.kill(pid, signal.SIGKILL)
    except OSError:
        return


def _pipe_above(stdout: int) -> tuple[int, int]:
    """A pipe that no program inherits, whose writing end is not where output is expected."""
    reading, narrow = os.pipe()
    writing = fcntl.fcntl(narrow, fcntl.F_DUPFD_CLOEXEC, stdout + 1)
    os.close(narrow)
    return reading, writing


def _line(pipe: int) -> bytes:
    """The next line of a pipe, or nothing at its end."""
    line = b""
    while (byte := os.read(pipe, 1)) not in (b"", b"\n"):
        line += byte
    return line


def _first_process(tell: int) -> int:
    """Be the first process of a namespace, with which all others in it end.

    Returns in a process of its own, which becomes the program, with the pipe to tell an error on.
    """
    told, its_tell = _pipe_above(tell)
    program = os.fork()
    if program == 0:
        return its_tell
    os.close(its_tell)
    nothing = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.write(tell, (_line(told) or STARTED) + b"\n")
    while True:
        ended, status = os.wait()
        if ended == program:
            os.write(tell, b"%d\n" % os.waitstatus_to_exitcode(status))
            os._exit(0)


def _become(folder: str, command: list[str], stdout: int, limits: dict[str, int]) -> None:
    """Become the program, within the limits that the kernel itself enforces."""
    _bind(limits)
    for ignored in (*IGNORED_BY_PYTHON, *IGNORED_HERE):
        signal.signal(ignored, signal.SIG_DFL)
    if stdout != 1:
        os.dup2(1, stdout)
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    os.chdir(folder)
    os.execvp(command[0], command)


def _bind(limits: dict[str, int]) -> None:
    """Set what the kernel itself enforces, of each process that is started from here."""
    kernel.bind_tasks(limits["threads"])
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits["file_mib"] << 20),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CPU, limits["processor_s"] + 5),
    ):
        hard = resource.getrlimit(kind)[1]
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (most, most))


def main(control: str, status: str, stdout: str, private: str, folder: str, *rest: str) -> None:
    """Guard one program until the runner lets go.

    Args:
        control: a file descriptor, see `Guardian`.
        status: another.
        stdout: which one the command finds its standard output at, 1 if at the usual place.
        private: the temporary folder, which is made and removed here.
        folder: where the command runs.
        rest: the limits as NAME=LIMIT, "--", the command.
    """
    words, command = rest[: rest.index("--")], list(rest[rest.index("--") + 1 :])
    for pipe in (control, status):
        os.set_inheritable(int(pipe), False)
    for ignored in IGNORED_HERE:
        signal.signal(ignored, signal.SIG_IGN)
    kernel.become_subreaper()
    limits = {name: int(limit) for name, _, limit in (word.partition("=") for word in words)}
    guardian = Guardian(int(control), int(status), private, limits)
    try:
        os.mkdir(private, 0o700)  # noqa: PTH102
        guardian.start(folder, command, int(stdout))
        nothing = os.open("/dev/null", os.O_RDWR)
        for stream in (0, 1, 2):  # the program's own ends alone keep its pipes open
            os.dup2(nothing, stream)
        os.chdir("/")
        guardian.watch()
    except OSError as error:
        guardian.tell(f"failed {error.errno or 0}")
    finally:
        guardian.end_all()
        guardian.bury()
        folders.remove(private)


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)
