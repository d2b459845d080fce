"""Records a run: writes all questions to a port and all its answers to a transcript."""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from ..client import Client, Source
from ..failures import NotStarted, PortCrashed, PortFailure, PortTimedOut
from ..layout import Rule
from ..manifest import Port
from ..process import PortProcess, Process
from .events import (
    Ended,
    Event,
    Failed,
    FailureKind,
    Header,
    Line,
    Logged,
    Question,
    Started,
    Turned,
    Waited,
)

Write = Callable[[Event], None]


class Recorder(Source):
    """Clients whose questions and answers are written to a file; a context manager.

    Each event is written and flushed immediately: a killed run leaves complete lines, and long
    streams need no memory. If writing fails during the run, the run continues, and `failure` has
    the error.

    Raises:
        OSError: the file cannot be created.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.failure: OSError | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = gzip.open(path, "wb", 1) if path.suffix == ".gz" else path.open("wb")  # noqa: SIM115
        self._encoder = msgspec.json.Encoder()
        self._crc32 = 0
        self._is_writing = False
        self._write(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._file.close()
        except OSError as failure:
            self.failure = self.failure or failure

    def client(self, port: Port) -> Client:
        """Start the port and return a client that records it."""
        self._write(Started())
        try:
            process = PortProcess(port)
        except NotStarted as failure:
            self._write(Failed(kind="not started", message=str(failure)))
            raise
        return Client(port, RecordedProcess(process, self._write))

    def turn_to(self, slug: str) -> None:
        """Record the start of a case."""
        self._write(Turned(slug=slug))

    def finish(self, layout: Sequence[Rule]) -> None:
        """Record the end of the run, and the layout that was recognized, if any."""
        self._write(Ended(crc32=self._crc32, layout=tuple(layout)))

    def _write(self, event: Struct) -> None:
        # An interrupt may leave an incomplete line, after which nothing can be written.
        if self.failure is not None or self._is_writing:
            return
        self._is_writing = True
        line = self._encoder.encode(event) + b"\n"
        self._crc32 = zlib.crc32(line, self._crc32)
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as failure:
            self.failure = failure
        self._is_writing = False


class RecordedProcess:
    """A port's process that records all lines."""

    def __init__(self, process: Process, write: Write) -> None:
        self._process = process
        self._write = write

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def log(self) -> bytes:
        """The end of the port's standard error, which is recorded at each access."""
        log = self._process.log
        if log:
            self._write(Logged.of(log))
        return log

    def send(self, line: bytes) -> None:
        """Send a line."""
        asked = msgspec.json.decode(line, type=_Asked)
        self._write(Question(id=asked.id, method=asked.method, line=line[:-1].decode()))
        self._process.send(line)

    def receive(self, seconds: float) -> bytes:
        """The next line, or raise a `PortFailure`."""
        with self._failures():
            line = self._process.receive(seconds)
        self._write(Line.of(line))
        return line

    def unread(self) -> bytes | None:
        """A line that arrived before a question, or None."""
        with self._failures(unasked=True):
            line = self._process.unread()
        if line is not None:
            self._write(Line.of(line, unasked=True))
        return line

    def wait(self, seconds: float) -> int | None:
        """The exit code."""
        with self._failures():
            code = self._process.wait(seconds)
        self._write(Waited(code=code))
        return code

    def close(self) -> None:
        """End the port."""
        self._process.close()

    @contextmanager
    def _failures(self, *, unasked: bool = False) -> Iterator[None]:
        """Record a `PortFailure` that leaves the `with` block."""
        try:
            yield
        except PortFailure as failure:
            kind: FailureKind = "violation"
            code = None
            if isinstance(failure, PortTimedOut):
                kind = "timeout"
            elif isinstance(failure, PortCrashed):
                kind, code = "crash", self._process.wait(0)
            self._write(Failed(kind=kind, message=str(failure), code=code, unasked=unasked))
            raise


class _Asked(Struct, frozen=True):
    """The fields of a request that a transcript repeats."""

    id: int
    method: str
