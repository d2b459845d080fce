"""Runs an unmodified program in a copy of its folder, on a corpus that the suite provides.

Nothing is written into the user's folder, not even through symbolic links.
"""

import fcntl
import os
import pty
import selectors
import shutil
import subprocess
import tempfile
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from .containment.contained import Contained
from .containment.sandbox import NoSandbox
from .containment.status import signal_name
from .containment.terms import Terms
from .failures import NotStarted, PortCrashed, PortTimedOut, ProtocolViolated
from .manifest import Port, missing_tool
from .quoting import quoted

TRACE_VARIABLE = "MICROGPT_TRACE"
"""The environment variable that tells a program where to write its trace."""

CHUNK = 1 << 16
OUTPUT_LIMIT = 64 << 20
LOG_KEPT = 64 << 10
LARGE = 64 << 20
"""A larger file, in bytes, is linked into the scratch folder instead of copied."""

LEFT_OUT = {".git", ".hg", ".jj"}
LINKED = {"node_modules", ".venv", "venv", "target", ".build"}
"""Folders with packages and build results, which may be large and are not written to."""

LINGER = 0.2
"""Seconds for output to arrive after the program has ended."""


class Stream(Enum):
    """The two outputs of a program."""

    OUT = "standard output"
    LOG = "standard error"


class Chunk(NamedTuple):
    """Bytes that a program wrote."""

    stream: Stream
    content: bytes


@contextmanager
def scratch_copy(port: Port) -> Iterator[Path]:
    """Copy the port's folder within a `with` block, and remove the copy afterwards.

    It is a copy and not a folder of links: a program that looks for its input beside its resolved
    path must find the suite's, and must not write through a link.

    Raises:
        NotStarted: the folder cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="microgpt-", ignore_cleanup_errors=True) as place:
        scratch = Path(place) / "program"
        try:
            _copy(port.folder, scratch)
        except OSError as error:
            raise NotStarted(f"{port.folder} cannot be copied: {error}") from None
        yield scratch


def _copy(folder: Path, copy: Path) -> None:
    copy.mkdir()
    for entry in sorted(folder.iterdir()):
        target = copy / entry.name
        if entry.is_symlink() or entry.name in LINKED:
            target.symlink_to(entry.resolve())
        elif entry.is_dir():
            if entry.name not in LEFT_OUT:
                _copy(entry, target)
        elif entry.is_file():
            if entry.stat().st_size > LARGE:
                target.symlink_to(entry)
            else:
                shutil.copy2(entry, target)


def put_input(scratch: Path, name: str, content: bytes) -> None:
    """Write a corpus to the program's input file, replacing what is there.

    Raises:
        NotStarted: the file is outside the scratch folder, or cannot be written.
    """
    path = scratch / name
    try:
        # The input may be beside the program's folder; the parent folder is a temporary one too.
        if not path.parent.resolve().is_relative_to(scratch.parent.resolve()):
            raise NotStarted(f"program.input {name} is behind a link that leaves the port's folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise NotStarted(f"program.input {name} cannot be written: {error}") from None


def command_in(port: Port, scratch: Path) -> tuple[str, ...]:
    """The run command for the scratch folder; paths that leave the folder stay the same.

    Raises:
        NotStarted: there is no such program.
    """
    if reason := missing_tool(port.run, port.folder):
        raise NotStarted(f"the run command cannot be started: {reason}")

    def placed(word: str) -> str:
        outside = word.startswith("../") and not (scratch / word).exists()
        return str((port.folder / word).resolve()) if outside else word

    return tuple(placed(word) for word in port.run)


def _terms(port: Port, scratch: Path) -> Terms:
    """The port's terms, with permission to write into the scratch folder and linked folders."""
    linked = (port.folder / name for name in LINKED)
    writable = (scratch.parent, *(place.resolve() for place in linked if place.is_dir()))
    trace = port.program.trace
    given = {TRACE_VARIABLE: str(scratch / trace)} if trace else {}
    return replace(port.terms, writable=writable, given=given)


class RunningProgram:
    """A program that runs in a scratch folder; all processes that it started end at `close`.

    Its standard output is a terminal, since programs often print to pipes in large blocks. Its
    standard input is empty.

    Raises:
        NotStarted: the command cannot be executed.
    """

    def __init__(self, port: Port, scratch: Path) -> None:
        command = command_in(port, scratch)
        terminal, theirs = pty.openpty()
        # In raw mode, bytes arrive as they were written, without translated newlines or echo.
        tty.setraw(theirs, termios.TCSANOW)
        try:
            self._process = Contained(
                command,
                scratch,
                _terms(port, scratch),
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=subprocess.PIPE,
            )
        except NoSandbox as error:
            os.close(terminal)
            raise NotStarted(str(error)) from None
        except (OSError, ValueError) as error:
            os.close(terminal)
            raise NotStarted(f"{command[0]} cannot be started: {error}") from None
        finally:
            os.close(theirs)
        assert self._process.stderr is not None
        self._terminal = terminal
        self._streams = {terminal: Stream.OUT, self._process.stderr.fileno(): Stream.LOG}
        self._selector = selectors.DefaultSelector()
        for pipe in self._streams:
            os.set_blocking(pipe, False)
            fcntl.fcntl(pipe, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
            self._selector.register(pipe, selectors.EVENT_READ)
        self._came = 0
        self._log = b""
        self._heard = time.monotonic()
        self._lives = False

    @property
    def log(self) -> bytes:
        """The end of the program's standard error."""
        return self._log

    def chunks(self, start: float, message: float) -> Iterator[Chunk]:
        """The program's output as it arrives, until it ends with exit code 0.

        An empty chunk comes at least twice a second while nothing arrives.

        Args:
            start: the time limit for the first byte, in seconds.
            message: the time limit between two bytes, in seconds.

        Raises:
            PortTimedOut: nothing arrived within the limit.
            PortCrashed: it ended in another way; the message says how.
            ProtocolViolated: it writes more than the limit for all output.
        """
        while self._selector.get_map():
            limit = message if self._lives else start
            ended = self._process.poll() is not None
            chunks = list(self._read(LINGER if ended else min(0.5, limit)))
            yield from chunks or [Chunk(Stream.OUT, b"")]
            if chunks:
                self.is_busy()
            elif ended:
                break
            elif time.monotonic() - self._heard > limit:
                raise PortTimedOut(self._silence(limit))
        self._expect_success(message)

    def is_busy(self) -> None:
        """Start the time limit anew: the program gave output, or another sign of life."""
        self._heard, self._lives = time.monotonic(), True

    def close(self) -> None:
        """End the program and all processes that it started."""
        self._selector.close()
        os.close(self._terminal)
        self._process.close()

    def _read(self, seconds: float) -> Iterator[Chunk]:
        for key, _ in self._selector.select(seconds):
            try:
                content = os.read(key.fd, CHUNK)
            except BlockingIOError:
                continue
            except OSError:  # a terminal whose other end is closed
                content = b""
            if not content:
                self._selector.unregister(key.fd)
                continue
            self._came += len(content)
            if self._came > OUTPUT_LIMIT:
                raise ProtocolViolated(
                    f"the program wrote more than {OUTPUT_LIMIT >> 20} MiB and did not end"
                )
            stream = self._streams[key.fd]
            if stream is Stream.LOG:
                self._log = (self._log + content)[-LOG_KEPT:]
            yield Chunk(stream, content)

    def _expect_success(self, seconds: float) -> None:
        code = self._process.wait(seconds)
        if why := self._process.why_ended():
            raise PortCrashed(f"the program was stopped: {why}{self._last_words()}")
        if code is None:
            raise PortTimedOut(f"the program closed its output and still ran {seconds:g} s later")
        if code < 0:
            raise PortCrashed(f"the program was ended by {signal_name(-code)}{self._last_words()}")
        if code:
            raise PortCrashed(f"the program exited with code {code}{self._last_words()}")

    def _last_words(self) -> str:
        lines = [line for line in self._log.splitlines() if line.strip()]
        return f"; its standard error ends with {quoted(lines[-1])}" if lines else ""

    def _silence(self, seconds: float) -> str:
        if self._lives:
            return f"no output for {seconds:g} s, after {self._came} bytes (timeouts.message)"
        return (
            f"no output within {seconds:g} s (timeouts.start): does the program need more time? "
            "Does it wait for input?"
        )
