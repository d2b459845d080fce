"""Reads the reports of a guardian and its sandbox about their program."""

import os
import re
import select
import signal

from .limits import Excess

SHELL_SIGNALED = 128
"""Bubblewrap, like a shell, exits with 128 plus the signal that ended its program."""


class Status:
    """The reports of a guardian, and of its sandbox if it has one.

    Attributes:
        started: the id of the process that the guardian started, or 0.
        inside: the id of the sandbox's first process, or 0.
        error: the system's error number if the program could not be started, or 0.
        code: the program's exit code, negative for a signal, or None while it runs.
        excess: the limit that it exceeded, or None.
        is_complete: whether the guardian has ended.
    """

    def __init__(self, pipe: int, inside: int | None) -> None:
        self.started = self.inside = self.error = 0
        self.code: int | None = None
        self.excess: Excess | None = None
        self.is_complete = False
        self._pipe = pipe
        self._pipe_inside = inside
        self._is_sandboxed = inside is not None
        self._partial = self._partial_inside = b""
        self._poll = select.poll()
        self._poll.register(pipe, select.POLLIN)
        self._poll_inside = select.poll()
        if inside is not None:
            self._poll_inside.register(inside, select.POLLIN)

    def read(self, seconds: float) -> None:
        """Read reports, after waiting up to `seconds` for the first."""
        if self.is_complete or not self._poll.poll(seconds * 1000):
            return
        content = os.read(self._pipe, 4096)
        *lines, self._partial = (self._partial + content).split(b"\n")
        for line in lines:
            self._handle(line.decode())
        if not content:  # the guardian has ended
            self.is_complete = True
            if self.code is None:
                self.code = -signal.SIGKILL

    def read_inside(self, seconds: float) -> None:
        """Read the report of the sandbox, which arrives in pieces on a pipe of its own."""
        if self._pipe_inside is None or not self._poll_inside.poll(seconds * 1000):
            return
        self._partial_inside += os.read(self._pipe_inside, 4096)
        if found := re.search(rb'"child-pid": *(\d+)\D', self._partial_inside):
            self.inside = int(found[1])

    def close(self) -> None:
        """Read the remaining reports and close the pipes."""
        while not self.is_complete and self._poll.poll(0):
            self.read(0)
        self.is_complete = True
        os.close(self._pipe)
        if self._pipe_inside is not None:
            os.close(self._pipe_inside)
            self._pipe_inside = None

    def _handle(self, line: str) -> None:
        match line.split():
            case ["started", pid]:
                self.started = int(pid)
            case ["failed", number]:
                self.error, self.code = int(number), -signal.SIGKILL
            case ["over", name, used, limit]:
                self.excess = Excess(name, int(used), int(limit))
            case ["ended", code]:
                self.code = self._code_of_program(int(code))

    def _code_of_program(self, code: int) -> int:
        signaled = self._is_sandboxed and SHELL_SIGNALED < code < SHELL_SIGNALED + signal.NSIG
        return SHELL_SIGNALED - code if signaled else code


def signal_name(number: int) -> str:
    """The name of a signal, such as SIGKILL, or its number if it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
