"""Starts a program under a guardian; the suite starts other people's programs only this way."""

import contextlib
import errno
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import psutil

from . import environment, folders, sandbox
from .status import Status
from .terms import Terms

GUARDIAN = Path(__file__).parent / "guardian.py"
SECONDS_TO_START = 60.0
SECONDS_TO_CLOSE = 30.0

Stream = int | IO[bytes] | None


class Contained:
    """A program under a guardian, which ends it when the suite ends, even if that is killed.

    Its three streams are arguments as for `subprocess.Popen`.

    Raises:
        OSError: the command cannot be executed.
        NoSandbox: a sandbox is required, but not available.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        terms: Terms,
        *,
        stdin: Stream,
        stdout: Stream,
        stderr: Stream,
    ) -> None:
        self._terms = terms
        self._is_inside = not terms.is_build and sandbox.is_used(terms.sandbox)
        self._private = _unused_name()
        clean = environment.clean(self._private, terms.listed, is_build=terms.is_build)
        clean |= terms.given
        if self._is_inside:
            clean = environment.sandboxed(clean, self._private)
            path = clean.get("PATH", os.defpath)
            if error := sandbox.why_not_executable(command[0], folder, path):
                raise error
        theirs_control, self._control = os.pipe()
        ours_status, theirs_status = os.pipe()
        ours_inside, *theirs_inside = sandbox.status_pipe() if self._is_inside else (None,)
        self._status = Status(ours_status, ours_inside)
        theirs = (theirs_control, theirs_status, *theirs_inside)
        try:
            self._guardian = subprocess.Popen(
                self._command(command, folder, theirs),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=clean,
                pass_fds=theirs,
                start_new_session=True,
                bufsize=0,
            )
        except BaseException:
            os.close(self._control)
            self._status.close()
            raise
        finally:
            for pipe in theirs:
                os.close(pipe)
        try:
            self._expect_start(command[0])
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The program's process id outside its sandbox."""
        deadline = time.monotonic() + 1
        while self._is_inside and self.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psutil.Error):
                first = self._status.inside
                if first and (inner := psutil.Process(first).children()):
                    return inner[0].pid
            self._status.read_inside(0.01)
        return self._status.started

    @property
    def stdin(self) -> IO[bytes] | None:
        """The writing end of its standard input, if that is a pipe."""
        return self._guardian.stdin

    @property
    def stdout(self) -> IO[bytes] | None:
        """The reading end of its standard output, if that is a pipe."""
        return self._guardian.stdout

    @property
    def stderr(self) -> IO[bytes] | None:
        """The reading end of its standard error, if that is a pipe."""
        return self._guardian.stderr

    def poll(self) -> int | None:
        """The exit code, negative for a signal, or None if it still runs."""
        self._status.read(0)
        return self._status.code

    def wait(self, seconds: float) -> int | None:
        """The exit code, negative for a signal, or None if it still runs after `seconds`."""
        deadline = time.monotonic() + seconds
        while self._status.code is None and (left := deadline - time.monotonic()) > 0:
            self._status.read(left)
        return self.poll()

    def why_ended(self) -> str:
        """The limit that it was killed for and how to raise it, or an empty string."""
        self._status.read(0)
        table = "build_limits" if self._terms.is_build else "limits"
        if self._status.excess is not None:
            return self._status.excess.sentence(table)
        if self._status.code == -signal.SIGXFSZ:
            most = f"{self._terms.limits.file_mib:,}"
            return f"a file of it exceeded {most} MiB ({table}.file_mib in port.toml)"
        return ""

    def close(self) -> None:
        """End it and all processes that it started, and remove its temporary folder."""
        if self._control < 0:
            return
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        os.close(self._control)
        self._control = -1
        try:
            self._guardian.wait(SECONDS_TO_CLOSE)
        except subprocess.TimeoutExpired:
            self._guardian.kill()
            self._guardian.wait()
        self._status.close()
        if Path(self._private).exists():  # the guardian was killed
            folders.remove(self._private)

    def _command(self, command: Sequence[str], folder: Path, pipes: Sequence[int]) -> list[str]:
        """The guardian's command line, which includes those of the sandbox and the program."""
        inside = []
        if self._is_inside:
            writable = (folder, *self._terms.writable)
            inside = sandbox.words(self._private, folder, writable, pipes[2])
        return [
            sys.executable, "-I", "-S", str(GUARDIAN),
            str(pipes[0]), str(pipes[1]), str(sandbox.STDOUT if inside else 1),
            self._private, str(folder),
            *self._terms.limits.words(), "--", *inside, *command,
        ]  # fmt: skip

    def _expect_start(self, name: str) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._status.started and self._status.code is None:
            if (left := deadline - time.monotonic()) <= 0:
                break
            self._status.read(left)
        if self._status.error:
            raise OSError(self._status.error, os.strerror(self._status.error), name)
        if not self._status.started:
            raise OSError(errno.ECHILD, "its guardian did not start it", name)


def _unused_name() -> str:
    """The path of a new temporary folder, without links, which a sandbox may not have."""
    return f"{os.path.realpath(tempfile.gettempdir())}/microgpt-{secrets.token_hex(8)}"
