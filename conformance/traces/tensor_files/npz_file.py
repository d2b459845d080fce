"""Reads the arrays of an npz file one by one, and believes no header."""

import io
import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ports_adapter.quoting import printable

from ..writing.record_lines import BadTrace
from .stored_values import ONLY_NUMBERS, Stored

SUFFIX = ".npy"
MOST_TEXTS = 1 << 20
LAST_CHARACTER = 0x10FFFF
SURROGATES = 0xD800 >> 11

KINDS = "fiubU"
"""Floats, whole numbers, truth values and text, as NumPy abbreviates them."""

WIDEST_FLOAT = 8
BFLOAT16 = "V2"
"""How NumPy writes an array of bfloat16, which is not a type of its own."""

READ_HEADER = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class NpzFile:
    """An open npz file."""

    texts: Mapping[str, str] = {}

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Take the list of the arrays.

        Raises:
            BadTrace: a member is no array, or there twice.
        """
        self.archive = archive
        self.members: dict[str, zipfile.ZipInfo] = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(SUFFIX)
            if name == member.filename:
                raise BadTrace(
                    f"{_shown(name)} in it is no array of NumPy (.npy); np.savez and "
                    "safetensors write files that are read, torch.save does not"
                )
            if name in self.members:
                raise BadTrace(f"{_shown(name)} is there twice")
            self.members[name] = member

    @property
    def names(self) -> list[str]:
        """The names of its arrays, in order."""
        return list(self.members)

    def size(self, name: str) -> int:
        """The bytes of an array, with its header."""
        return self.members[name].file_size

    def read(self, name: str) -> Stored:
        """The value of an array.

        Raises:
            BadTrace: it is broken, or not of numbers or text.
        """
        try:
            # No more is unpacked than the member says, and its checksum is compared.
            content = self.archive.read(self.members[name])
            header = _header(content[: _header_size(content)])
        except Exception as error:  # a foreign archive and a foreign literal fail in many ways
            what = printable(str(error), 200) or type(error).__name__
            raise BadTrace(f"{_shown(name)} cannot be read: {what}") from None
        return _value(name, header, content[_header_size(content) :])


@contextmanager
def opened_npz(path: Path) -> Iterator[NpzFile]:
    """An npz file.

    Raises:
        BadTrace: it is none.
        OSError: it cannot be read.
    """
    with path.open("rb") as file, _archive(file) as archive:
        yield NpzFile(archive)


def _archive(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise BadTrace(
            f"it is not a whole npz file ({printable(str(error), 100)}); was the program ended "
            "while it wrote?"
        ) from None


def _header_size(content: bytes) -> int:
    """The bytes before the numbers of an array; its length has 2 bytes, later versions have 4."""
    end = len(npy.magic(1, 0)) + (2 if content[6:7] == b"\x01" else 4)
    return end + int.from_bytes(content[8:end], "little")


@lru_cache(1024)
def _header(content: bytes) -> tuple[Any, ...]:
    """Shape, order and type; those of one step are those of the next one."""
    stream = io.BytesIO(content)
    header: tuple[Any, ...] = READ_HEADER[npy.read_magic(stream)](stream)
    return header


def _value(name: str, header: tuple[Any, ...], content: bytes) -> Stored:
    """The array that a header describes.

    Raises:
        BadTrace: the header is not of numbers or text, or of other ones than are there.
    """
    shape, in_columns, dtype = header
    if dtype.str[1:] == BFLOAT16:
        raise BadTrace(
            f"{_shown(name)} is of {dtype}, which may be bfloat16: NumPy does not write its name. "
            "Write .astype(np.float32), which has the same numbers"
        )
    if dtype.kind not in KINDS or (dtype.kind == "f" and dtype.itemsize > WIDEST_FLOAT):
        raise BadTrace(f"{_shown(name)} is of {dtype}; {ONLY_NUMBERS}")
    needed = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or needed != len(content):
        raise BadTrace(
            f"{_shown(name)} has the shape {list(shape)} of {dtype}, {needed} bytes, but "
            f"{len(content)} bytes are there"
        )
    try:
        array = np.frombuffer(content, dtype).reshape(shape, order="F" if in_columns else "C")
    except ValueError as error:
        raise BadTrace(f"{_shown(name)} cannot be read: {printable(str(error), 200)}") from None
    return _texts(name, array, content) if dtype.kind == "U" else array


def _texts(name: str, array: NDArray[Any], content: bytes) -> Stored:
    """The text or list of texts that an array has, whose bytes are `content`."""
    characters = np.frombuffer(content, np.dtype("u4").newbyteorder(array.dtype.byteorder))
    if ((characters > LAST_CHARACTER) | (characters >> 11 == SURROGATES)).any():
        raise BadTrace(f"{_shown(name)} has characters that do not exist")
    if array.size > MOST_TEXTS:
        raise BadTrace(f"{_shown(name)} has {array.size} texts, more than are read")
    texts: str | list[str] = array.tolist()
    return texts


def _shown(name: str) -> str:
    return f"the entry {printable(name, 80)!r}"
