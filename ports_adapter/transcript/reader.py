"""Reads a transcript: checks each line, and finds events by case."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
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
    """The place of an event: its line number, from 1, and the offset of that line in bytes."""

    number: int
    offset: int


@dataclass(slots=True)
class Section:
    """The places of the events of one case.

    `places` has all of them. `answers` has those of the case itself, without the start of a port.
    `start` has those of the start of the port that answered the case.
    """

    slug: str
    places: list[Place]
    answers: list[Place]
    start: list[Place]


@dataclass
class Transcript:
    """An open transcript whose lines have been checked; a context manager.

    Events are read when they are needed, since they may not fit into memory. `sections` are by
    slug. `end` is None if the run was interrupted or the file is incomplete. `lines` is the
    number of complete lines.
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

    def __exit__(self, *_: object) -> None:
        self.file.close()

    @property
    def is_whole(self) -> bool:
        """Whether the recorded run was not interrupted, and the file is complete."""
        return self.end is not None

    @property
    def last_case(self) -> str:
        """The slug of the last case, which is unfinished if the run was interrupted."""
        return next(reversed(self.sections), "")

    def of_case(self, slug: str) -> Iterator[Event]:
        """The events of a case, in order, including the start of a port for it; may be empty."""
        section = self.sections.get(slug)
        return self.events(section.places if section else [])

    def of_start(self, slug: str) -> Iterator[Event]:
        """The events of the start of the port that answered a case."""
        section = self.sections.get(slug)
        return self.events(section.start if section else self.first_start)

    def events(self, places: Iterable[Place]) -> Iterator[Event]:
        """The events at some places.

        Raises:
            Unreplayable: the file cannot be read any more.
        """
        for place in places:
            try:
                self.file.seek(place.offset)
                line = self.file.readline()
            except (OSError, EOFError, zlib.error) as error:
                raise Unreplayable(f"{self.path} cannot be read any more: {error}") from None
            yield _decoded(line, self.path, place.number)


def read_transcript(path: Path) -> Transcript:
    """Open a transcript and check each of its lines; the caller must close it.

    A file may end early, even within a line, since a killed run leaves such files.

    Raises:
        Unreplayable: it cannot be read, is not a transcript, is damaged, or has another schema.
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
                f"{path} is damaged: its content does not match the checksum in line "
                f"{place.number}; {RECORD}"
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
        """The next line, or nothing at the end, which the gzip file of a killed run lacks."""
        self.number += 1
        try:
            return file.readline(limit)
        except EOFError:
            return b""
        except (OSError, zlib.error) as error:
            raise Unreplayable(
                f"{self.path}, line {self.number}: cannot be read: {error}; {RECORD}"
            ) from None

    def take(self, transcript: Transcript, event: Event, place: Place) -> None:
        """Add the place of an event to its section."""
        if transcript.end is not None:
            raise self._damage(place, "an event after the end")
        match event:
            case Turned(slug=slug):
                if slug in transcript.sections:
                    raise self._damage(place, f"case {printable(slug, 100)} occurs a second time")
                self.section = Section(slug, [], [], self.start)
                transcript.sections[slug] = self.section
                self.into = self.section.answers
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
                    self.into = self.section.answers
                self.is_introduced |= isinstance(event, Question)
        if isinstance(event, Turned | Ended):
            return
        if not isinstance(event, Started):
            self.into.append(place)
        if self.section is not None:
            self.section.places.append(place)

    def _damage(self, place: Place, what: str) -> Unreplayable:
        return Unreplayable(f"{self.path}, line {place.number}: {what}; {RECORD}")


def _header(line: bytes, path: Path) -> Header:
    if not line:
        raise Unreplayable(f"{path} is empty; a transcript starts with a header; {RECORD}")
    try:
        version = msgspec.json.decode(line, type=dict[str, Any]).get("schema_version")
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise Unreplayable(
                f"{path}, line 1: schema version {version}, but this suite reads version "
                f"{SCHEMA_VERSION}; replay it with the suite that recorded it"
            )
        header = msgspec.json.decode(line, type=Header)
        check(header.layout)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, BadRule) as error:
        why = printable(str(error), 300)
        raise Unreplayable(
            f"{path}, line 1: not the header of a transcript ({why}); {RECORD}"
        ) from None
    if header.kind == "program":
        raise Unreplayable(f"{path}, line 1: kind {header.kind}; only a port can be replayed")
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
            f"({printable(str(error), 300)}): the file is damaged; {RECORD}"
        ) from None
