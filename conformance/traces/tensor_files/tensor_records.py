"""Makes the records of a trace of files of tensors, one after the other."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from ports_adapter.quoting import printable

from ..writing.record_lines import BadTrace, Line, Note, record_of
from .entry_names import FIRST, Entry, RecordKey, entry_of, record_of_file
from .field_values import field_value
from .npz_file import opened_npz
from .safetensors_file import opened_safetensors
from .stored_values import LARGEST, TensorFile

SUFFIXES = (".npz", ".safetensors")
ZIP = b"PK"
FIRST_BYTES = 9
"""They tell the kind of a file: safetensors have the length of a header, and then a brace."""

LONGEST_HEADER = 100 << 20
"""Bytes of the longest header of a safetensors file."""

NUMBER = re.compile(r"[0-9]{1,6}")

NOT_OURS = ("format",)
"""Texts that libraries add to a file."""


def are_tensors(path: Path) -> bool:
    """Whether a trace is a folder, or a file of tensors.

    Raises:
        OSError: it cannot be read.
    """
    if path.is_dir():
        return True
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix in SUFFIXES or begin_tensors(file.read(FIRST_BYTES))


def begin_tensors(content: bytes) -> bool:
    """Whether a file with these first bytes is npz or safetensors."""
    length = int.from_bytes(content[: FIRST_BYTES - 1], "little")
    has_header = content[FIRST_BYTES - 1 : FIRST_BYTES] == b"{" and 2 <= length <= LONGEST_HEADER
    return content.startswith(ZIP) or has_header


def has_tensor_files(folder: Path) -> bool:
    """Whether a folder has files of tensors."""
    return any(any(folder.glob(f"*{suffix}")) for suffix in SUFFIXES)


def tensor_records(path: Path, note: Note) -> Iterator[Line]:
    """The records of a file that has all of them, or of a folder with a file a record.

    Raises:
        BadTrace: it is no trace.
        OSError: it cannot be read.
    """
    return _of_folder(path, note) if path.is_dir() else _of_file(path, note)


def _of_file(path: Path, note: Note) -> Iterator[Line]:
    """The records of a file, of which only one is in memory at a time."""
    with _opened(path) as file:
        by_record: dict[RecordKey, dict[str, Entry]] = defaultdict(dict)
        for name in (*_known_texts(file, None, note), *file.names):
            entry = entry_of(name, None)
            by_record[entry.record][name] = entry
        by_record.setdefault(RecordKey(), {})
        for key in sorted(by_record, key=lambda key: key.rank):
            yield _line(key, _fields(file, by_record[key]), key.words, note)


def _of_folder(folder: Path, note: Note) -> Iterator[Line]:
    """The records of a folder, of which only one file is open at a time."""
    files = _files_in(folder, note)
    first: dict[str, Any] = {}
    for path in [path for path, key in files.items() if key.kind == FIRST]:
        found = _fields_of_file(path, RecordKey(), note)
        if twice := sorted(first.keys() & found.keys()):
            raise BadTrace(f"{_named(path)}: {twice[0]} is in another file without a number, too")
        first |= found
    yield _line(RecordKey(), first, RecordKey().words, note)
    for path, key in sorted(files.items(), key=lambda item: (item[1].rank, item[0])):
        if key.kind != FIRST:
            yield _line(key, _fields_of_file(path, key, note), _named(path), note)


def _files_in(folder: Path, note: Note) -> dict[Path, RecordKey]:
    """The files of a folder, and which record each is."""
    files: dict[Path, RecordKey] = {}
    others: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.suffix not in SUFFIXES:
            others += [] if path.name.startswith(".") else [_named(path)]
            continue
        try:
            files[path] = record_of_file(path.stem)
        except BadTrace as error:
            raise BadTrace(f"{_named(path)}: {error}") from None
    if not files:
        raise BadTrace(
            "the folder has no .npz and no .safetensors file; a trace of JSON Lines is named by "
            "its file"
        )
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        note(f"In the folder only .npz and .safetensors files are read, not {others[0]}{more}.")
    return files


def _fields_of_file(path: Path, key: RecordKey, note: Note) -> dict[str, Any]:
    try:
        with _opened(path) as file:
            names = (*_known_texts(file, key, note), *file.names)
            return _fields(file, {name: entry_of(name, key) for name in names})
    except BadTrace as error:
        raise BadTrace(f"{_named(path)}: {error}") from None


def _opened(path: Path) -> AbstractContextManager[TensorFile]:
    with path.open("rb") as file:
        is_zip = file.read(len(ZIP)) == ZIP
    return opened_npz(path) if is_zip or path.suffix == ".npz" else opened_safetensors(path)


def _known_texts(file: TensorFile, key: RecordKey | None, note: Note) -> Iterator[str]:
    """The names of the texts of a file that are a trace's; others are no mistake."""
    for name in file.texts:
        try:
            entry_of(name, key)
        except BadTrace:
            if name not in NOT_OURS:
                note(f"the metadata {printable(name, 60)!r} is not known and was not read")
        else:
            yield name


def _fields(file: TensorFile, entries: dict[str, Entry]) -> dict[str, Any]:
    """The fields of a record.

    Raises:
        BadTrace: an entry is broken, there twice, or too large.
    """
    names = [name for name in entries if name not in file.texts]
    if (size := sum(map(file.size, names))) > LARGEST:
        raise BadTrace(
            f"{entries[names[0]].record.words} has {size >> 20} MiB, more than the "
            f"{LARGEST >> 20} MiB that are read"
        )
    fields: dict[str, Any] = {}
    count = 0
    for name, (record, part, matrix) in entries.items():
        stored = file.texts[name] if name in file.texts else file.read(name)
        count += stored.size if isinstance(stored, np.ndarray) else 0
        if count > LARGEST // 8:
            raise BadTrace(f"{record.words} has {count} numbers, more than are read")
        inside = fields.setdefault(part, {}) if matrix else fields
        key = matrix or part
        if not isinstance(inside, dict) or key in inside:
            raise BadTrace(f"the entry {printable(name, 80)!r} is there twice, or in two forms")
        inside[key] = field_value(record, part, stored)
    return {part: _in_order(value) for part, value in fields.items()}


def _in_order(value: Any) -> Any:
    """Matrices that are numbered, in the order of their numbers."""
    if isinstance(value, dict) and all(NUMBER.fullmatch(name) for name in value):
        return dict(sorted(value.items(), key=lambda item: int(item[0])))
    return value


def _line(key: RecordKey, fields: dict[str, Any], place: str, note: Note) -> Line:
    number = 1 if key.kind == FIRST else key.number
    return Line(place, record_of({key.kind: number} | fields, place, note))


def _named(path: Path) -> str:
    return printable(path.name, 80)
