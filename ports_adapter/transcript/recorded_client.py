"""Replays a transcript: clients get the recorded answers of a port, which does not run.

Questions get their recorded ids, since their text must equal the recorded one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NoReturn

from ..client import Client, Source
from ..failures import NotStarted, PortCrashed, PortTimedOut, ProtocolViolated
from ..manifest import Port
from ..quoting import printable
from .events import RECORD, Event, Failed, Line, Logged, Question, Unreplayable, Waited
from .reader import Place, Transcript

MESSAGE_SHOWN = 2000


class RecordingEnds(KeyboardInterrupt):
    """The recorded run was interrupted here, so its replay ends in the same way."""


class Replay(Source):
    """Clients whose answers come from a transcript.

    They raise `Unreplayable` for a question that the transcript does not answer, and
    `RecordingEnds` where an interrupted run ended.
    """

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.slug = ""
        self.script = Script(transcript, ())
        self._start = transcript.first_start

    def client(self, port: Port) -> Client:
        """A client that replays the port that was started for this case."""
        script = Script(self.transcript, self._start)
        match script.peek():
            case Failed(kind="not started", message=message):
                raise NotStarted(printable(message, MESSAGE_SHOWN))
        process = ReplayedProcess(self, script)
        return Client(port, process, process.ids())

    def turn_to(self, slug: str) -> None:
        """Go to the events of a case."""
        section = self.transcript.sections.get(slug)
        is_left = section is None or slug == self.transcript.last_case
        if is_left and not self.transcript.is_whole:
            raise RecordingEnds
        self.slug = slug
        self.script = Script(self.transcript, section.answers if section else ())
        self._start = section.start if section else self._start

    def lacking(self, script: Script, what: str) -> Unreplayable | RecordingEnds:
        """The exception for something that the transcript lacks."""
        if not self.transcript.is_whole:
            return RecordingEnds()
        place = f"{self.transcript.path}" + (f", line {script.number}" if script.number else "")
        return Unreplayable(f"{place}: {what}")


class Script:
    """Recorded events, in order."""

    def __init__(self, transcript: Transcript, places: Sequence[Place]) -> None:
        self._events = transcript.events(places)
        self._numbers = iter(place.number for place in places)
        self._next: Event | None = None
        self.number = 0

    def peek(self) -> Event | None:
        """The next event, or None at the end."""
        if self._next is None:
            self._next = next(self._events, None)
            self.number = next(self._numbers, self.number)
        return self._next

    def take(self) -> Event | None:
        """Remove and return the next event, or None at the end."""
        event, self._next = self.peek(), None
        return event


class ReplayedProcess:
    """A recorded process: first the events of its start, then those of each case."""

    pid = 0

    def __init__(self, replay: Replay, start: Script) -> None:
        self._replay = replay
        self._script = start
        self._is_introduced = False
        self._log = b""

    @property
    def log(self) -> bytes:
        """The end of the port's standard error at this point."""
        match self._script.peek():
            case Logged(content=content):
                self._script.take()
                self._log = content
        return self._log

    def ids(self) -> Iterator[int]:
        """The recorded ids of the questions.

        Raises:
            Unreplayable: from the iterator, if the recorded run did not ask the question.
        """
        while True:
            question = self._script.peek()
            if not isinstance(question, Question):
                slug = printable(self._replay.slug, 100) or "the introduction"
                raise self._lacking(f"{slug} was not asked in the recorded run; {RECORD}")
            yield question.id

    def send(self, line: bytes) -> None:
        """Compare a question with the recorded one.

        Raises:
            Unreplayable: they differ.
        """
        question = self._script.take()
        self._is_introduced = True
        if isinstance(question, Question) and question.line.encode() == line.rstrip(b"\n"):
            return
        header = self._replay.transcript.header
        raise self._lacking(
            f"the transcript answers another question in {self._replay.slug or 'the introduction'}"
            f": it was recorded with suite {printable(header.suite_version, 60)} and seed "
            f"{header.seed} on {printable(header.machine, 100) or 'another machine'}; replay it "
            f"there, or record it again"
        )

    def receive(self, seconds: float) -> bytes:  # noqa: ARG002
        """The recorded line, or raise the recorded failure."""
        match self._script.take():
            case Line(content=content):
                return content
            case Failed() as failed:
                _fail(failed)
        raise self._lacking("a line of the port's answer is missing: the file is damaged")

    def unread(self) -> bytes | None:
        """The recorded line from before a question, or None."""
        if self._is_introduced:
            self._script = self._replay.script
        match self._script.peek():
            case Line(unasked=True, content=content):
                self._script.take()
                return content
            case Failed(unasked=True) as failed:
                self._script.take()
                _fail(failed)
        return None

    def wait(self, seconds: float) -> int | None:  # noqa: ARG002
        """The recorded exit code."""
        match self._script.take():
            case Waited(code=code):
                return code
            case Failed() as failed:
                _fail(failed)
        raise self._lacking("the port's exit code is missing: the file is damaged")

    def close(self) -> None:
        """Nothing runs."""

    def _lacking(self, what: str) -> Unreplayable | RecordingEnds:
        return self._replay.lacking(self._script, what)


def _fail(failed: Failed) -> NoReturn:
    # A transcript may come from anyone, and its messages are shown on a terminal.
    message = printable(failed.message, MESSAGE_SHOWN)
    match failed.kind:
        case "timeout":
            raise PortTimedOut(message)
        case "crash":
            raise PortCrashed(message)
        case _:
            raise ProtocolViolated(message)
