"""Reads the records of a trace from a file or a stream, line by line, in constant memory."""

import codecs
import difflib
import gzip
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import zstandard

from ports_adapter.quoting import printable, quoted

from .records import KINDS, Head, Record, fields_of

LONGEST_LINE = 1 << 29
"""Bytes of the longest line that is read: the numbers of a step of a model of 5 million."""

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"

FIRST_STEP_ENDS = 3
"""A trace whose earlier lines break off has no step that could be judged."""

Note = Callable[[str], Any]
"""Takes a sentence about the trace that changes no verdict by itself."""


class BadTrace(Exception):
    """A trace cannot be read; the message says where, what was expected, and what to do."""


class BrokenOff(BadTrace):
    """The last line has no end: the program was ended while it wrote."""


@dataclass(frozen=True, slots=True)
class Line:
    """A record, and its place in the trace, such as `line 3`."""

    place: str
    record: Record


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a trace; `-` is standard input, and a file of gzip or zstd is unpacked.

    Raises:
        BadTrace: it cannot be read.
    """
    try:
        if str(path) == "-":
            yield sys.stdin.buffer
            return
        with path.open("rb") as file:
            yield _unpacked(file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadTrace(f"it is not a whole gzip file: {error}") from None
    except zstandard.ZstdError as error:
        raise BadTrace(f"it is not a whole zstd file: {error}") from None
    except OSError as error:
        raise BadTrace(f"it cannot be read: {error.strerror or error}") from None


def _unpacked(file: BufferedReader) -> BinaryIO:
    """The content of a file, which may be packed."""
    begin = file.peek(4)
    if begin.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    if begin.startswith(ZSTD):
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        return BufferedReader(reader)
    return file


def records(file: BinaryIO, note: Note) -> Iterator[Line]:
    """The records of a trace in order; the first is its head.

    Raises:
        BadTrace: a line is not a record.
    """
    noted: set[str] = set()

    def note_once(words: str) -> None:
        if words not in noted:
            noted.add(words)
            note(words)

    number = 0
    while content := file.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            content = _without_mark(content)
        if not content.strip():
            continue
        if len(content) > LONGEST_LINE:
            raise BadTrace(f"line {number} is longer than {LONGEST_LINE >> 20} MiB")
        try:
            record = record_of(_document(content, number), f"line {number}", note_once)
            if number > 1 and isinstance(record, Head):
                raise BadTrace(
                    f"line {number}: the record of a trace is the first one, and there is one"
                )
            yield Line(f"line {number}", record)
        except BrokenOff:
            if number < FIRST_STEP_ENDS:
                raise
            note(f"Line {number}, the last one, breaks off and was not read.")


def _without_mark(first_line: bytes) -> bytes:
    """The first line without the byte order mark that Windows programs write.

    Raises:
        BadTrace: the mark is that of UTF-16.
    """
    if first_line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadTrace("it is in UTF-16, as `>` in PowerShell writes it; write UTF-8")
    return first_line.removeprefix(codecs.BOM_UTF8)


def record_of(document: dict[str, Any], place: str, note: Note) -> Record:
    """The record that an object is; its tensors may be arrays.

    Raises:
        BadTrace: it is none; the message begins with its `place`.
    """
    document = _whole_tokens(document)
    kinds = [kind for name, kind in KINDS.items() if name in document]
    if len(kinds) != 1:
        names = " or ".join(f'"{name}"' for name in KINDS)
        raise BadTrace(f"{place}: a record has one of the fields {names}")
    (kind,) = kinds
    for unknown in document.keys() - set(fields_of(kind)):
        close = difflib.get_close_matches(unknown, fields_of(kind), 1)
        meant = f"; did you mean {close[0]}?" if close else ""
        note(f"the field {printable(unknown, 60)!r} is not known and was not read{meant}")
    try:
        record: Record = msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        where = path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
        raise BadTrace(f"{place}, at {where or '/'}: {what}") from None
    return record


def _document(content: bytes, number: int) -> dict[str, Any]:
    """The object on a line; numbers that are not finite may be written as C and Python do."""
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        mended = NOT_FINITE.sub(_as_string, content)
        try:
            if mended == content:
                raise error
            document = msgspec.json.decode(mended)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            words = f"line {number} is not JSON: {_advice(content, error)}"
            raise (BadTrace if content.endswith(b"\n") else BrokenOff)(words) from None
    if not isinstance(document, dict):
        raise BadTrace(f'line {number}: a record is an object, as in {{"step": 0, "loss": 3.3}}')
    if len(KEY.findall(content)) > _keys(document) and (twice := _field_there_twice(content)):
        raise BadTrace(f"line {number}: the field {printable(twice, 60)!r} is there twice")
    return document


def _field_there_twice(content: bytes) -> str:
    """The first name that an object has twice; empty if there is none."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        found.extend(name for place, name in enumerate(names) if name in names[:place])

    json.loads(content.decode(errors="replace"), object_pairs_hook=look, parse_int=float)
    return next(iter(found), "")


def _whole_tokens(document: dict[str, Any]) -> dict[str, Any]:
    """The record with whole floats as tokens, which languages without integers write."""
    tokens = document.get("tokens")
    if isinstance(tokens, list) and any(isinstance(token, float) for token in tokens):
        whole = [int(t) if isinstance(t, float) and t.is_integer() else t for t in tokens]
        return document | {"tokens": whole}
    return document


NOT_FINITE = re.compile(
    rb"(?<=[\[,:\s])([+-]?)(nan|inf|infinity)(\(\w*\))?(?=[\s,\]}])", re.IGNORECASE
)
KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:')


def _as_string(found: re.Match[bytes]) -> bytes:
    if found[2].lower() == b"nan":
        return b'"NaN"'
    return b'"-Infinity"' if found[1] == b"-" else b'"Infinity"'


def _keys(document: Any) -> int:
    """How many keys an object has, and the objects in it."""
    if not isinstance(document, dict):
        return 0
    return len(document) + sum(map(_keys, document.values()))


def _not_utf_8(content: bytes) -> str:
    """The first byte that is not UTF-8; empty if all are."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is 0x{content[error.start]:02x}"
    return ""


def _advice(content: bytes, error: Exception) -> str:
    """What is wrong with a line that is not JSON, and what to do."""
    if not content.endswith(b"\n"):
        return "it breaks off; was the program ended while it wrote?"
    if not_utf_8 := _not_utf_8(content):
        return f"{not_utf_8}, which is not UTF-8; does the program take bytes for characters?"
    if comma := re.search(rb",\s*[\]}]", content):
        return f"there is a comma before {quoted(comma[0][-1:])}, at byte {comma.start() + 1}"
    if b"'" in content and b'"' not in content:
        return 'strings and names are quoted with "'
    if re.search(rb"[0-9]-?(?:nan|inf)|#IND|#INF|#QNAN", content):
        return "a number is not finite in a form that is not known: write NaN or Infinity"
    return printable(str(error), 200)
