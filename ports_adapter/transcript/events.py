"""What a transcript is made of: a header, then an event a line, in the order they happened."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from msgspec import Meta, Struct

from ..layout import Rule
from ..messages import Precision
from ..port_toml import Kind

SCHEMA_VERSION: Literal[1] = 1

RECORD = "`python -m conformance run PORT --transcript FILE` records one"


class Unreplayable(Exception):
    """A transcript cannot be read, or does not answer what is asked; the message says why."""


class Header(Struct, frozen=True, kw_only=True, tag="transcript", tag_field="event"):
    """The first line: which port was asked what, by which suite.

    `layout` is the manifest's, `patterns` to `shard` are the options of the run, `baseline` is
    the content of the file that it was judged with, and `machine` is where it was made.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    suite_version: str
    label: str
    name: str
    language: str
    precision: Precision
    kind: Kind = "port"
    layout: tuple[Rule, ...] = ()
    seed: Annotated[int, Meta(ge=0)]
    patterns: tuple[str, ...] = ()
    names: bool = False
    long: bool = False
    profile: str = "microgpt"
    settings: tuple[str, ...] = ()
    variant: str = ""
    baseline: str | None = None
    shard: str = ""
    machine: str = ""


class _Event(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event"):
    pass


class _Bytes(_Event, frozen=True):
    """Bytes as text where they are UTF-8, in base64 where they are not."""

    text: str | None = None
    base64: bytes | None = None

    @classmethod
    def of(cls, content: bytes, **fields: Any) -> Self:
        """An event that holds these bytes."""
        try:
            return cls(text=content.decode(), **fields)
        except UnicodeDecodeError:
            return cls(base64=content, **fields)

    @property
    def content(self) -> bytes:
        """The bytes."""
        return (self.base64 or b"") if self.text is None else self.text.encode()


class Turned(_Event, frozen=True, tag="case"):
    """A case's turn; what follows belongs to it."""

    slug: str


class Started(_Event, frozen=True, tag="start"):
    """The port is started, or started anew."""


class Question(_Event, frozen=True, tag="question"):
    """A question, and the line that was sent, without its newline."""

    id: int
    method: str
    line: str


class Line(_Bytes, frozen=True, tag="line"):
    """A line that the port printed, without its newline; `unasked`, before the question."""

    unasked: bool = False


FailureKind = Literal["timeout", "crash", "violation", "not started"]


class Failed(_Event, frozen=True, tag="failure"):
    """What came in place of a line. `code` is the exit code, negative for a signal, if known."""

    kind: FailureKind
    message: str
    code: int | None = None
    unasked: bool = False


class Waited(_Event, frozen=True, tag="exit"):
    """The exit code of a port that was to exit, negative for a signal; null if it ran on."""

    code: int | None


class Logged(_Bytes, frozen=True, tag="log"):
    """The end of what the port had written to standard error when a case failed."""


class Ended(_Event, frozen=True, tag="end"):
    """The end of a run that was not interrupted.

    `crc32` is of all bytes before this line, so that nothing that a file suffered later is blamed
    on the port; `layout` is the one in which that was found to be right.
    """

    crc32: int
    layout: tuple[Rule, ...] = ()


Event = Turned | Started | Question | Line | Failed | Waited | Logged | Ended
