"""Runs a program on a given corpus until its trace is long enough."""

import contextlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from .failures import PortFailure, ProtocolViolated
from .manifest import Port
from .unmodified_program import RunningProgram, put_input

LAST_STEP = 10
"""The last step that is read: a program is then ended, and has shown what it does in each step."""

QUIET = 1.0
"""Seconds without a new line after which a step is taken to be whole."""

LARGEST = 1 << 31
"""Bytes of the largest trace of so few steps."""

STEP = re.compile(rb'"step"\s*:\s*([0-9]{1,9})\b')

OnStep = Callable[[int], None]


class GrowingTrace:
    """A trace file while a program writes it; `last_step` is the last one in a whole line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last_step = -1
        self.size = 0
        self._read = self._wanted = 0
        self._grown = time.monotonic()

    @property
    def is_enough(self) -> bool:
        """Whether its last step of interest is whole."""
        is_quiet = time.monotonic() - self._grown > QUIET
        return self.last_step > LAST_STEP or (self.last_step == LAST_STEP and is_quiet)

    def look(self) -> bool:
        """Read what is new; gives whether there was anything."""
        size = self.path.stat().st_size if self.path.is_file() else 0
        if size == self.size:
            return False
        self.size, self._grown = size, time.monotonic()
        self._read = min(self._read, size)
        with self.path.open("rb") as file:
            file.seek(self._read)
            lines = file.read(size - self._read)
        for line in lines[: lines.rfind(b"\n") + 1].splitlines(keepends=True):
            self._read += len(line)
            if found := STEP.search(line):
                self.last_step = int(found[1])
            if self.last_step <= LAST_STEP:
                self._wanted = self._read
        return True

    def cut(self, *, is_whole: bool) -> None:
        """Leave the steps up to the last one of interest.

        A last line without an end stays only if the trace is whole: if the program itself ended.
        """
        if not is_whole or self.last_step > LAST_STEP:
            os.truncate(self.path, self._wanted)


class TracedRun:
    """Runs of a program in a scratch folder.

    Of the last run, `log` is the end of its standard error, and `last_step` the last step that it
    recorded, up to `LAST_STEP`; -1 if there is none.
    """

    def __init__(self, port: Port, scratch: Path) -> None:
        self.port, self.scratch, self.log, self.last_step = port, scratch, b"", -1

    def trace(self, corpus: bytes, on_step: OnStep) -> Path:
        """Train on a corpus, and give the trace.

        Args:
            corpus: the bytes of its input file.
            on_step: takes each step that was recorded.

        Raises:
            NotStarted: its command cannot be executed.
            PortTimedOut, PortCrashed: it hangs or fails.
            ProtocolViolated: it writes too much, or no trace.
        """
        put_input(self.scratch, self.port.program.input, corpus)
        growing = GrowingTrace(self.scratch / self.port.program.trace)
        with contextlib.suppress(OSError):
            growing.path.unlink()
        try:
            was_ended = self._run(growing, on_step)
        except PortFailure as error:
            raise type(error)(f"{error}{_so_far(growing)}") from None
        growing.look()
        if not growing.size:
            raise ProtocolViolated(
                f"the program ended and wrote no trace to {self.port.program.trace}, the file of "
                "program.trace, which the variable MICROGPT_TRACE names"
            )
        growing.cut(is_whole=not was_ended)
        self.last_step = min(growing.last_step, LAST_STEP)
        return growing.path

    def _run(self, growing: GrowingTrace, on_step: OnStep) -> bool:
        """Run the program; gives whether it was ended before its own end."""
        limits = self.port.timeouts
        program = RunningProgram(self.port, self.scratch)
        try:
            for _ in program.chunks(limits.start, limits.message):
                if growing.look():
                    program.is_busy()
                    on_step(growing.last_step)
                if growing.size > LARGEST:
                    raise ProtocolViolated(f"its trace is larger than {LARGEST >> 30} GiB")
                if growing.is_enough:
                    return True
        finally:
            self.log = program.log
            program.close()
        return False


def _so_far(growing: GrowingTrace) -> str:
    if growing.last_step < 0:
        return "; it had recorded no step"
    return f"; the last step that it recorded is {growing.last_step}"
