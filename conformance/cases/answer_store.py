"""Keeps right answers on disk: a run does not derive again what an earlier run derived.

A file holds one answer. Its name is the checksum of the question and of everything that the
answer follows from: the sources, the golden files, and the machine's arithmetic. Its content
begins with its own checksum. A file that cannot be read or is damaged counts as absent.
"""

import contextlib
import hashlib
import os
import platform
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from conformance.oracle.answer import Answer, Exact, Expected, Numbers, Refusal
from golden.budgets import Precision
from golden.store import MANIFEST
from reference.config import Config
from reference.tape.cache import ANSWERS, packed, root, unpacked

BYTES = 200_000_000
"""The folder's largest size: the answers of some ten runs. Those read least recently go first."""

DIGEST = 32

_PROJECT = Path(__file__).parents[2]
_SOURCES = (
    "reference",
    "golden",
    *(f"conformance/{room}" for room in ("anatomy", "oracle", "judging", "cases")),
)


def key_of(
    slug: str,
    profile: str,
    config: Config,
    question: Any,
    precision: Precision,
    *,
    intermediates: bool,
) -> str:
    """The name of an answer's file: what is asked, about which program, by which suite.

    Raises:
        TypeError: the question has a type that MessagePack does not have.
    """
    asked = (slug, profile, config, precision, intermediates, question)
    return hashlib.sha256(_state() + msgspec.msgpack.encode(asked)).hexdigest()


def load(key: str) -> Answer | Refusal | None:
    """The answer with this key, or None if there is none, or if it is damaged."""
    path = _folder() / key
    try:
        content = path.read_bytes()
        digest, body = content[:DIGEST], content[DIGEST:]
        if hashlib.sha256(body).digest() != digest:
            return None
        answer = _answer(msgspec.msgpack.decode(body, type=int | dict[str, list[Any]]))
        os.utime(path)
    except (OSError, ValueError, TypeError, msgspec.DecodeError):
        return None
    return answer


def save(key: str, answer: Answer | Refusal) -> None:
    """Write an answer in one step. Where the disk cannot be written to, this does nothing."""
    body = msgspec.msgpack.encode(_parts(answer))
    folder = _folder()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        _make_room(folder)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(body).digest() + body)
        Path(temporary).replace(folder / key)


def _folder() -> Path:
    return root() / ANSWERS


@cache
def _state() -> bytes:
    """The checksum of what answers follow from, apart from their questions."""
    digest = hashlib.sha256()
    machine = (platform.machine(), sys.version, *platform.libc_ver(), np.__version__)
    digest.update(repr(machine).encode() + MANIFEST.read_bytes())
    for folder in _SOURCES:
        for path in sorted((_PROJECT / folder).rglob("*.py")):
            digest.update(path.relative_to(_PROJECT).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.digest()


@cache
def _make_room(folder: Path) -> None:
    """Remove the files read least recently, beyond the folder's largest size; once a process."""
    with os.scandir(folder) as entries:
        files = sorted(((entry.stat(), entry.path) for entry in entries), key=_last_read)
    total = sum(stat.st_size for stat, _ in files)
    for stat, path in files:
        if total <= BYTES:
            return
        with contextlib.suppress(OSError):
            Path(path).unlink()
        total -= stat.st_size


def _last_read(file: tuple[os.stat_result, str]) -> float:
    return file[0].st_mtime


def _parts(answer: Answer | Refusal) -> Any:
    if isinstance(answer, Refusal):
        return answer.code
    return {pointer: _part(expected) for pointer, expected in answer.items()}


def _part(expected: Expected) -> Any:
    match expected:
        case Exact(value):
            return [packed(value)]
        case Numbers(value, budget):
            return [packed(value), packed(budget)]


def _answer(parts: int | dict[str, list[Any]]) -> Answer | Refusal:
    if isinstance(parts, int):
        return Refusal(parts)
    return {pointer: _expected(part) for pointer, part in parts.items()}


def _expected(part: list[Any]) -> Expected:
    match part:
        case [value]:
            return Exact(unpacked(value))
        case [value, budget]:
            return Numbers(unpacked(value), unpacked(budget))
    raise ValueError("a part of an answer has a value, and perhaps a budget")
