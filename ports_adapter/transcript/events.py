"""The lines of a transcript: a header, then one event per line, in order."""

from typing import Annotated, Any, Literal, Self

from msgspec import Meta, Struct

from ..layout import Rule
from ..messages import Precision
from ..port_toml import Kind

SCHEMA_VERSION: Literal[1] = 1

RECORD = "`python -m conformance run PORT --transcript FILE` records one"


class Unreplayable(Exception):
    """A transcript cannot be read, or has no answer to a question; the message says why."""


class Header(Struct, frozen=True, kw_only=True, tag="transcript", tag_field="event"):
    """The first line: the port, the suite and the options of the run.

    `layout` is from the manifest, `patterns` to `shard` are the options of the run, `baseline` is
    the content of the baseline file, and `machine` describes where the run took place.
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
    """Bytes as text if they are UTF-8, and as base64 if not."""

    text: str | None = None
    base64: bytes | None = None

    @classmethod
    def of(cls, content: bytes, **fields: Any) -> Self:
        """An event with these bytes."""
        try:
            return cls(text=content.decode(), **fields)
        except UnicodeDecodeError:
            return cls(base64=content, **fields)

    @property
    def content(self) -> bytes:
        """The bytes."""
        return (self.base64 or b"") if self.text is None else self.text.encode()


class Turned(_Event, frozen=True, tag="case"):
    """The start of a case; the following events belong to it."""

    slug: str


class Started(_Event, frozen=True, tag="start"):
    """The port is started or restarted."""


class Question(_Event, frozen=True, tag="question"):
    """A question, with the line that was sent, without its newline."""

    id: int
    method: str
    line: str


class Line(_Bytes, frozen=True, tag="line"):
    """A line that the port printed, without its newline; `unasked` if before a question."""

    unasked: bool = False


FailureKind = Literal["timeout", "crash", "violation", "not started"]


class Failed(_Event, frozen=True, tag="failure"):
    """A failure instead of a line. `code` is the exit code, negative for a signal, if known."""

    kind: FailureKind
    message: str
    code: int | None = None
    unasked: bool = False


class Waited(_Event, frozen=True, tag="exit"):
    """The exit code of a port after `shutdown`, negative for a signal; None if it still runs."""

    code: int | None


class Logged(_Bytes, frozen=True, tag="log"):
    """The end of the port's standard error when a case failed."""


class Ended(_Event, frozen=True, tag="end"):
    """The end of a run that was not interrupted.

    `crc32` is the checksum of all bytes before this line, to detect a damaged file. `layout` is
    the layout that was recognized, if any.
    """

    crc32: int
    layout: tuple[Rule, ...] = ()


Event = Turned | Started | Question | Line | Failed | Waited | Logged | Ended
