"""Runs a port as a process that reads and writes lines, with time limits."""

import contextlib
import fcntl
import os
import selectors
import subprocess
import time
from collections import deque
from typing import Protocol

from .containment.contained import Contained
from .containment.sandbox import NoSandbox
from .containment.status import signal_name
from .failures import NotStarted, PortCrashed, PortTimedOut, ProtocolViolated
from .manifest import Port
from .quoting import printable, quoted

CHUNK = 128 << 10  # fits into the processor's cache
PIPE_SIZE = 1 << 20
LINE_LIMIT = 64 << 20
LOG_KEPT = 64 << 10
F_SETPIPE_SZ = 1031


class Process(Protocol):
    """A running port, or a replacement for one, that a client talks to."""

    @property
    def pid(self) -> int:
        """The process id."""

    @property
    def log(self) -> bytes:
        """The end of the standard error."""

    def send(self, line: bytes) -> None:
        """Send a line, newline included."""

    def receive(self, seconds: float) -> bytes:
        """The next line without its newline, or raise a `PortFailure`."""

    def unread(self) -> bytes | None:
        """A line that arrived before a question, or None."""

    def wait(self, seconds: float) -> int | None:
        """The exit code, negative for a signal, or None.

        It is None if the process still runs after `seconds`, or when it has printed a line.
        """

    def close(self) -> None:
        """End the process."""


class PortProcess:
    """A running port.

    The port and all processes that it starts end at `close`, or when the suite ends. Its standard
    error is its log, which is read while the suite waits for its output, since a port with a long
    log must not block. At most one unfinished line of its output is kept.

    Raises:
        NotStarted: the command cannot be executed.
    """

    def __init__(self, port: Port) -> None:
        piped = subprocess.PIPE
        try:
            self._process = Contained(
                port.run, port.folder, port.terms, stdin=piped, stdout=piped, stderr=piped
            )
        except NoSandbox as error:
            raise NotStarted(str(error)) from None
        except (OSError, ValueError) as error:
            reason = f"{printable(port.run[0])} cannot be started: {printable(str(error))}"
            raise NotStarted(reason) from None
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._stdin, self._stdout, self._stderr = (pipe.fileno() for pipe in pipes if pipe)
        for pipe in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(pipe, False)
        with contextlib.suppress(OSError):  # larger pipes are faster, on Linux only
            fcntl.fcntl(self._stdin, F_SETPIPE_SZ, PIPE_SIZE)
            fcntl.fcntl(self._stdout, F_SETPIPE_SZ, PIPE_SIZE)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._selector.register(self._stderr, selectors.EVENT_READ)
        self._partial: list[bytes] = []
        self._partial_size = 0
        self._lines: deque[bytes] = deque()
        self._to_write = memoryview(b"")
        self._log = b""
        self._output_ended = False

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def log(self) -> bytes:
        """The end of the port's standard error."""
        return self._log

    def send(self, line: bytes) -> None:
        """Queue a line, newline included; it is written while `receive` waits."""
        if self._to_write:
            line = bytes(self._to_write) + line
        self._to_write = memoryview(line)
        self._watch_stdin()

    def receive(self, seconds: float) -> bytes:
        """The next line the port prints, without its newline.

        Raises:
            PortTimedOut: no whole line came within `seconds`; says what did come.
            PortCrashed: the port ended or closed its output first; says how.
            ProtocolViolated: the line is longer than any answer.
        """
        deadline = time.monotonic() + seconds
        while not self._lines:
            if self._output_ended:
                raise PortCrashed(self._how_it_ended())
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                if self._process.poll() is not None:
                    held = "a process that it started keeps its output open"
                    raise PortCrashed(f"{self._how_it_ended()}, and {held}")
                raise PortTimedOut(self._what_came(seconds))
            self._exchange(remaining)
        return self._lines.popleft()

    def unread(self) -> bytes | None:
        """A line that the port printed before a question, or None."""
        if not self._output_ended:
            self._exchange(0)
        return self._lines.popleft() if self._lines else None

    def wait(self, seconds: float) -> int | None:
        """The exit code, negative for a signal, or None.

        It is None if the port still runs after `seconds`, or when it has printed a line, since
        endless output must not be read.

        Raises:
            ProtocolViolated: a line is longer than any answer.
        """
        deadline = time.monotonic() + seconds
        while (code := self._process.poll()) is None and time.monotonic() < deadline:
            if self._lines:
                break
            self._exchange(min(0.02, max(0.0, deadline - time.monotonic())))
        return code

    def close(self) -> None:
        """End the port and all processes that it started."""
        self._selector.close()
        self._process.close()

    def _exchange(self, seconds: float) -> None:
        """Read and write what is possible, after waiting up to `seconds` for anything."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            match key.fd:
                case self._stdin:
                    self._write_some()
                case self._stdout:
                    self._read_output()
                case self._stderr:
                    self._read_log()

    def _write_some(self) -> None:
        try:
            written = os.write(self._stdin, self._to_write[:CHUNK])
            self._to_write = self._to_write[written:]
        except BlockingIOError:
            return
        except OSError:  # the port closed its input; its output says why
            self._to_write = memoryview(b"")
        self._watch_stdin()

    def _watch_stdin(self) -> None:
        watched = self._stdin in self._selector.get_map()
        if self._to_write and not watched:
            self._selector.register(self._stdin, selectors.EVENT_WRITE)
        elif watched and not self._to_write:
            self._selector.unregister(self._stdin)

    def _read_output(self) -> None:
        chunk = self._read(self._stdout)
        if chunk is None:
            return
        if not chunk:
            self._output_ended = True
            return
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            self._lines.append(b"".join((*self._partial, line)))
            self._partial, self._partial_size = [], 0
        if rest:
            self._partial.append(rest)
            self._partial_size += len(rest)
        if self._partial_size > LINE_LIMIT:
            start = quoted(b"".join(self._partial)[:1000])
            raise ProtocolViolated(
                f"a line of more than {LINE_LIMIT >> 20} MiB has no newline; it starts with {start}"
            )

    def _read_log(self) -> None:
        chunk = self._read(self._stderr)
        if chunk:
            self._log = (self._log + chunk)[-LOG_KEPT:]

    def _read(self, pipe: int) -> bytes | None:
        """The available bytes of a pipe: None if there are none, empty at the end."""
        try:
            chunk = os.read(pipe, CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            chunk = b""
        if not chunk:
            self._selector.unregister(pipe)
        return chunk

    def _how_it_ended(self) -> str:
        code = self.wait(0.5)
        while self._stderr in self._selector.get_map() and self._selector.select(0):
            self._exchange(0)
        came = self._partial_size
        half = f" after {came} bytes of an unfinished line" if came else ""
        if why := self._process.why_ended():
            return f"the port was stopped{half}: {why}"
        if code is None:
            return f"the port closed its output{half} but still runs"
        if code < 0:
            return f"the port was ended by {signal_name(-code)}{half}"
        return f"the port exited with code {code}{half} instead of answering"

    def _what_came(self, seconds: float) -> str:
        limit = f"no answer within {seconds:g} s"
        if not self._partial_size:
            hint = "does the port write a newline and flush after each answer, or need more time?"
            return f"{limit}: 0 bytes came; {hint}"
        start = quoted(b"".join(self._partial))
        return (
            f"{limit}: {self._partial_size} bytes came and no newline. End each answer with a "
            f"newline. It starts with {start}"
        )
