"""The guardian of one program: a script that starts it, enforces its limits, and cleans up.

`contained.py` starts it as `python -I -S guardian.py`. When the runner closes its end of the
control pipe, or dies, the guardian kills all descendants, removes the private temporary folder
and exits. It reports on its status pipe, one line each:

    started PID           the program runs
    failed ERRNO          the program could not be executed
    over NAME USED LIMIT  the program exceeded a limit, and is being killed
    ended CODE            the program ended, with a negative code for a signal
"""

import os
import select
import signal
import sys
import time

sys.path.insert(0, __file__.rpartition("/ports_adapter/")[0])

from ports_adapter.containment import folders, kernel
from ports_adapter.containment.launch import IGNORED_BY_THE_GUARDIAN, STARTED, launch, line_of

SHORTEST, LONGEST = 0.02, 0.1
"""Seconds between two measurements of a program's use; short while its memory grows fast."""

LEAST_REST = 20
"""The rest after a measurement, in multiples of its duration: it takes at most 5 % of a core."""

SECONDS_TO_DIE = 15.0


class Guardian:
    """Watches one program.

    Args:
        control: the pipe whose other end only the runner has.
        status: the pipe for reports to the runner.
        private: the temporary folder, which the guardian creates and removes.
        limits: the limits by name.
    """

    def __init__(self, control: int, status: int, private: str, limits: dict[str, int]) -> None:
        self.status = status
        self.private = private
        self.limits = limits
        self.runner = os.getppid()
        self.program = self.launched = 0
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
        """Start the program, or report why that is impossible."""
        self.program, self.launched, self.is_apart = launch(folder, command, stdout, self.limits)
        number = line_of(self.launched)
        if number not in (b"", STARTED):
            self.report(f"failed {number.decode()}")
            self.has_ended = True
            return
        below = kernel.children(self.program) if self.is_apart else []
        self.report(f"started {below[0] if below else self.program}")

    def report(self, line: str) -> None:
        """Report to the runner, if it still exists."""
        try:
            os.write(self.status, line.encode() + b"\n")
        except OSError:
            return

    def watch(self) -> None:
        """Watch until the runner closes the control pipe, or dies."""
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
        """Report the program's end, and kill it if it exceeds a limit."""
        self.reap()
        if not self.has_ended and (code := kernel.exit_code(self.program)) is not None:
            self.has_ended = True
            if self.is_apart:  # the first process of the namespace has reported the program's code
                code = int(line_of(self.launched) or -signal.SIGKILL)
            self.report(f"ended {code}")
        if not self.is_over and (excess := self.excess()):
            self.is_over = True
            self.report(f"over {excess}")
            self.end_all()
            self.look()

    def excess(self) -> str:
        """The first exceeded limit as NAME USED LIMIT, or an empty string."""
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
        """The size of the private folder, measured less often the longer that takes."""
        now = time.monotonic()
        if now >= self.next_sizing:
            self.in_folder = folders.size_of(self.private)
            took = time.monotonic() - now
            self.next_sizing = now + max(2 * LONGEST, LEAST_REST * took)
        return self.in_folder

    def reap(self) -> None:
        """Reap dead children, but not the program: as a zombie it keeps its id."""
        for child in kernel.children(os.getpid()):
            if child != self.program:
                try:
                    os.waitpid(child, os.WNOHANG)
                except ChildProcessError:
                    continue

    def bury(self) -> None:
        """Reap the program, when its id is no longer needed for killing."""
        try:
            os.waitpid(self.program, os.WNOHANG)
        except ChildProcessError:
            return

    def end_all(self) -> None:
        """Kill every descendant.

        The program's process group is killed at once, however fast it forks. Of the rest, only
        direct children are killed: orphans become direct children, and the id of a child that
        has not been reaped cannot belong to another process.
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
    """Kill a process, or a process group if the id is negative, as far as permitted."""
    try:
        os.killpg(-pid, signal.SIGKILL) if pid < 0 else os.kill(pid, signal.SIGKILL)
    except OSError:
        return


def main(control: str, status: str, stdout: str, private: str, folder: str, *rest: str) -> None:
    """Guard one program until the runner closes the control pipe.

    Args:
        control: the file descriptor of a pipe, see `Guardian`.
        status: that of another pipe.
        stdout: the file descriptor where the command expects its standard output, usually 1.
        private: the temporary folder, which is created and removed here.
        folder: where the command runs.
        rest: the limits as NAME=LIMIT, "--", the command.
    """
    words, command = rest[: rest.index("--")], list(rest[rest.index("--") + 1 :])
    for pipe in (control, status):
        os.set_inheritable(int(pipe), False)
    for ignored in IGNORED_BY_THE_GUARDIAN:
        signal.signal(ignored, signal.SIG_IGN)
    kernel.become_subreaper()
    limits = {name: int(limit) for name, _, limit in (word.partition("=") for word in words)}
    guardian = Guardian(int(control), int(status), private, limits)
    try:
        os.mkdir(private, 0o700)  # noqa: PTH102
        guardian.start(folder, command, int(stdout))
        nothing = os.open("/dev/null", os.O_RDWR)
        for stream in (0, 1, 2):  # only the program may keep its pipes open
            os.dup2(nothing, stream)
        os.chdir("/")
        guardian.watch()
    except OSError as error:
        guardian.report(f"failed {error.errno or 0}")
    finally:
        guardian.end_all()
        guardian.bury()
        folders.remove(private)


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)
