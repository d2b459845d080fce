"""Traces that are no traces: cut off, in another format, or with lines that are no records."""

import gzip
import json
import os
from pathlib import Path

import zstandard

from tests.support.traces import Records

from .trace_animal import text, unreadable, with_line

BOMB = 700 << 20
"""Bytes of a line that is longer than any that is read."""


def zipped_bomb(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(BOMB >> 20):
            file.write(b"0" * (1 << 20))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 << 30)


def in_parts(records: Records, part: bytes, by: bytes) -> bytes:
    return text(records).replace(part, by, 1)


ANIMALS = (
    unreadable("empty-trace", "is empty", lambda _r: b"", "the trace is empty"),
    unreadable("blank-trace", "has only blank lines", lambda _r: b"\n \n\n", "the trace is empty"),
    unreadable("no-such-trace", "does not exist", None, "it cannot be read: No such file"),
    unreadable("trace-folder", "is an empty folder", None, "", place=Path.mkdir),
    unreadable(
        "null-device", "is a link to /dev/null", None, "the trace is empty",
        place=lambda path: path.symlink_to("/dev/null"),
    ),
    unreadable(
        "endless-zeros", "is a link to /dev/zero: a line without end", None,
        "line 1 is longer than 512 MiB", place=lambda path: path.symlink_to("/dev/zero"),
    ),
    unreadable(
        "ten-gigabytes", "has ten gigabytes of zeros", None, "line 1 is longer than 512 MiB",
        place=sparse,
    ),
    unreadable(
        "zip-bomb", "unpacks from 3 MB to a line of 700 MB", None,
        "line 1 is longer than 512 MiB", place=zipped_bomb, name_of_file="trace.jsonl.gz",
    ),
    unreadable(
        "zip-in-a-zip", "is gzipped twice", lambda r: gzip.compress(gzip.compress(text(r))),
        "line 1", name_of_file="trace.jsonl.gz",
    ),
    unreadable(
        "zip-cut-off", "is gzipped and breaks off", lambda r: gzip.compress(text(r))[:-40],
        "it is not a whole gzip file", name_of_file="trace.jsonl.gz",
    ),
    unreadable(
        "zip-with-a-tail", "is gzipped, and other bytes follow",
        lambda r: gzip.compress(text(r)) + b"tail", "it is not a whole gzip file",
        name_of_file="trace.jsonl.gz",
    ),
    unreadable(
        "zstd-with-a-tail", "is packed by zstd, and other bytes follow",
        lambda r: zstandard.compress(text(r)) + b"tail", "it is not a whole zstd file",
        name_of_file="trace.jsonl.zst",
    ),
    unreadable("random-trace", "is random bytes", lambda _r: os.urandom(4096), "line 1"),
    unreadable(
        "utf-16-trace", "is in UTF-16", lambda r: text(r).decode().encode("utf-16"),
        "it is in UTF-16",
    ),
    unreadable(
        "one-array", "is one array of all records",
        lambda r: json.dumps(r).encode(), "line 1: a record is an object",
    ),
    unreadable(
        "pretty-trace", "spreads each record over several lines",
        lambda r: json.dumps(r[0], indent=1).encode(), "line 1 is not JSON",
    ),
    unreadable(
        "printed-losses", "is what a program prints, not a trace",
        lambda _r: b"step    1 / 1000 | loss 3.3660\n", "line 1 is not JSON",
    ),
    unreadable(
        "web-page", "is a web page", lambda _r: b"<!DOCTYPE html>\n<html></html>\n",
        "line 1 is not JSON",
    ),
    unreadable(
        "cut-in-the-head", "breaks off in its first record", lambda r: text(r)[:200],
        "line 1 is not JSON: it breaks off",
    ),
    unreadable(
        "headless", "begins with a step", lambda r: text(r[1:]),
        'the first record is the one with the field "trace"',
    ),
    unreadable(
        "two-heads", "has a second first record", lambda r: text([r[0], r[0], *r[1:]]),
        "line 2: the record of a trace is the first one",
    ),
    unreadable(
        "decimal-comma", "prints numbers with the comma of its locale",
        lambda r: in_parts(r, b'"loss": ', b'"loss": 3,'), "line 2",
    ),
    unreadable(
        "steps-backwards", "writes its steps in descending order",
        lambda r: text([r[0], *r[3:], *r[1:3]]), "line 4: step 0 comes after step 1",
    ),
    unreadable(
        "a-step-again", "writes a step twice", lambda r: text([*r[:3], *r[1:3]]),
        "line 4: step 0 has document already",
    ),
    with_line("not-a-record", "has a list among its records", "[1, 2]", "line 2: a record is"),
    with_line("a-bare-number", "has a number among its records", "3.3", "line 2: a record is"),
    with_line("no-kind", "has a record of no kind", '{"loss": 3}', "has one of the fields"),
    with_line(
        "two-kinds", "has a record of two kinds", '{"step": 0, "sample": 0}',
        "has one of the fields",
    ),
    with_line("python-quotes", "quotes as Python does", "{'step': 0}", 'quoted with "'),
    with_line("trailing-comma", "ends a list with a comma", '{"step": 0, "grads": [1,]}', "comma"),
    with_line("comment", "has a comment", "# step 0", "line 2 is not JSON"),
    with_line("nul-bytes", "has NUL bytes in a record", '{"step"\0: 0}', "line 2 is not JSON"),
    with_line("deep-trace", "nests a list ten thousand times", '{"step":' + "[" * 10_000, "line 2"),
    with_line(
        "same-field-twice", "has a field twice", '{"step": 0, "loss": 1, "loss": 2}',
        "the field 'loss' is there twice",
    ),
    with_line(
        "step-of-words", "counts steps in words", '{"step": "zero", "loss": 1}', "line 2, at /step"
    ),
    with_line("step-minus-one", "counts from -1", '{"step": -1, "loss": 1}', "at /step"),
    with_line(
        "step-of-a-half", "takes half steps", '{"step": 0.5, "loss": 1}', "line 2, at /step"
    ),
    with_line(
        "step-of-a-googol", "counts beyond all numbers", '{"step": 1' + "0" * 100 + "}",
        "line 2, at /step",
    ),
    with_line("hexadecimal", "prints numbers with %a", '{"step": 0, "loss": 0x1.8p+1}', "line 2"),
    with_line(
        "control-characters", "has an escape sequence in the name of a field",
        '{"step": 0, "\\u001b]0;title\\u0007\\u202e": 1, "loss": [1]}', "line 2, at /loss",
    ),
)  # fmt: skip
