"""Reading a transcript: checked line by line, its events found again by case."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from ..layout import BadRule, check
from ..quoting import printable
from .events import (
    RECORD,
    SCHEMA_VERSION,
    Ended,
    Event,
    Failed,
    Header,
    Line,
    Question,
    Started,
    Turned,
    Unreplayable,
)

HEADER_LIMIT = 1 << 20
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event is: its line, counted from 1, and that line's first byte."""

    number: int
    offset: int


@dataclass(slots=True)
class Section:
    """What was recorded of one case.

    `places` are all of it, `own` is what follows the introduction of a port started for it.
    `start` has the events of the start of the port that it was asked of.
    """

    slug: str
    places: list[Place]
    own: list[Place]
    start: list[Place]


@dataclass
class Transcript:
    """A transcript that was read through once and is kept open; a context manager.

    Its events are read when they are needed, since there may be more of them than fit into
    memory. `sections` are by slug. `end` is None where the run was interrupted or killed, or
    the file is cut off; `lines` is how many are whole.
    """

    path: Path
    header: Header
    file: IO[bytes]
    sections: dict[str, Section] = field(default_factory=dict)
    first_start: list[Place] = field(default_factory=list)
    end: Ended | None = None
    lines: int = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.file.close()

    @property
    def is_whole(self) -> bool:
        """Whether the recorded run came to its end, and all of it is there."""
        return self.end is not None

    @property
    def last_case(self) -> str:
        """The case that came last, which a run that did not come to its end did not finish."""
        return next(reversed(self.sections), "")

    def of_case(self, slug: str) -> Iterator[Event]:
        """All that was recorded of a case, in order; nothing if it was never its turn.

        A port that was started anew for it begins with that and its introduction.
        """
        section = self.sections.get(slug)
        return self.events(section.places if section else [])

    def of_start(self, slug: str) -> Iterator[Event]:
        """How the port that a case was asked of introduced itself, or did not."""
        section = self.sections.get(slug)
        return self.events(section.start if section else self.first_start)

    def events(self, places: Iterable[Place]) -> Iterator[Event]:
        """The events at some places."""
        for place in places:
            try:
                self.file.seek(place.offset)
                line = self.file.readline()
            except (OSError, EOFError, zlib.error) as error:
                raise Unreplayable(f"{self.path} cannot be read any more: {error}") from None
            yield _decoded(line, self.path, place.number)


def read_transcript(path: Path) -> Transcript:
    """A transcript, each line of which was checked; whoever uses it closes it.

    A file that ends early, even within a line, is what a killed run leaves, and is read up to
    there; anything else that is wrong is refused.

    Raises:
        Unreplayable: it cannot be read, is none, is damaged, or is of another schema.
    """
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == GZIP
        opened: IO[bytes] = gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[assignment]  # noqa: SIM115
    except OSError as error:
        raise Unreplayable(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        return _indexed(path, opened)
    except BaseException:
        opened.close()
        raise


_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def _indexed(path: Path, file: IO[bytes]) -> Transcript:
    index = _Index(path)
    first = index.line(file, HEADER_LIMIT)
    transcript = Transcript(path, _header(first, path), file)
    offset, crc32 = len(first), zlib.crc32(first)
    while line := index.line(file):
        place = Place(transcript.lines + 1, offset)
        if not line.endswith(b"\n") and not _is_event(line):
            break
        event = _decoded(line, path, place.number)
        if isinstance(event, Ended) and event.crc32 != crc32:
            raise Unreplayable(
                f"{path} is damaged: what is in it is not what was written, by the sum in line "
                f"{place.number}; {RECORD} anew"
            )
        crc32 = zlib.crc32(line, crc32)
        index.take(transcript, event, place)
        transcript.lines, offset = place.number, offset + len(line)
    return transcript


@dataclass
class _Index:
    """Sorts events into sections while a file is read."""

    path: Path
    into: list[Place] = field(default_factory=list)
    start: list[Place] = field(default_factory=list)
    section: Section | None = None
    is_introduced: bool = True
    number: int = 0

    def line(self, file: IO[bytes], limit: int = -1) -> bytes:
        """The next line, or nothing at the end, which a killed run's gzip has no mark of."""
        self.number += 1
        try:
            return file.readline(limit)
        except EOFError:
            return b""
        except (OSError, zlib.error) as error:
            raise Unreplayable(
                f"{self.path}, line {self.number}: cannot be read: {error}; {RECORD} anew"
            ) from None

    def take(self, transcript: Transcript, event: Event, place: Place) -> None:
        """Note where an event belongs."""
        if transcript.end is not None:
            raise self._damage(place, "goes on after its end")
        match event:
            case Turned(slug=slug):
                if slug in transcript.sections:
                    raise self._damage(place, f"comes to {printable(slug, 100)} a second time")
                self.section = Section(slug, [], [], self.start)
                transcript.sections[slug] = self.section
                self.into = self.section.own
            case Started():
                self.into = self.start = []
                self.is_introduced = False
                if self.section is None:
                    transcript.first_start = self.start
                else:
                    self.section.start = self.start
            case Ended():
                transcript.end = event
            case Question() | Line(unasked=True) | Failed(unasked=True):
                if self.is_introduced and self.section is not None:
                    self.into = self.section.own
                self.is_introduced |= isinstance(event, Question)
        if isinstance(event, Turned | Ended):
            return
        if not isinstance(event, Started):
            self.into.append(place)
        if self.section is not None:
            self.section.places.append(place)

    def _damage(self, place: Place, what: str) -> Unreplayable:
        return Unreplayable(f"{self.path}, line {place.number}: {what}; {RECORD} anew")


def _header(line: bytes, path: Path) -> Header:
    if not line:
        raise Unreplayable(f"{path} has not one line; a transcript begins with a header; {RECORD}")
    try:
        version = msgspec.json.decode(line, type=dict[str, Any]).get("schema_version")
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise Unreplayable(
                f"{path}, line 1: a transcript of schema version {version}; this suite reads "
                f"{SCHEMA_VERSION}: replay it with the suite that recorded it"
            )
        header = msgspec.json.decode(line, type=Header)
        check(header.layout)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, BadRule) as error:
        why = printable(str(error), 300)
        raise Unreplayable(
            f"{path}, line 1: not the header of a transcript ({why}); {RECORD}"
        ) from None
    if header.kind != "port":
        raise Unreplayable(f"{path}, line 1: of a {header.kind}, and only ports can be replayed")
    return header


def _is_event(line: bytes) -> bool:
    try:
        _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _decoded(line: bytes, path: Path, number: int) -> Event:
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreplayable(
            f"{path}, line {number}: not an event of a transcript "
            f"({printable(str(error), 300)}): the file is damaged; {RECORD} anew"
        ) from None
