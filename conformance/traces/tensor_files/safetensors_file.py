"""Reads the arrays of a safetensors file one by one; the library checks its header."""

import json
import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from ports_adapter.quoting import printable

from ..writing.record_lines import BadTrace
from .stored_values import ONLY_NUMBERS, Stored

LENGTH = 8
"""Bytes of the header's length, with which the file begins."""

TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BOOL": "?", "U8": "u1", "I8": "i1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "U64": "<u8", "U32": "<u4", "U16": "<u2",
}  # fmt: skip
"""The types of NumPy by those of the format."""


class SafetensorsFile:
    """An open safetensors file, whose header has been checked."""

    def __init__(self, content: mmap.mmap, texts: Mapping[str, str]) -> None:
        """Take the places of the arrays from a header that is known to be right.

        Raises:
            BadTrace: an array has the name of a text.
        """
        end = LENGTH + int.from_bytes(content[:LENGTH], "little")
        header = json.loads(content[LENGTH:end])
        header.pop("__metadata__", None)
        if twice := sorted(header.keys() & texts.keys()):
            raise BadTrace(f"{printable(twice[0], 80)!r} is a tensor, and in the metadata, too")
        self.content, self.start, self.texts = content, end, texts
        self.header: dict[str, Any] = dict(
            sorted(header.items(), key=lambda entry: entry[1]["data_offsets"])
        )

    @property
    def names(self) -> list[str]:
        """The names of its arrays, in order."""
        return list(self.header)

    def size(self, name: str) -> int:
        """The bytes of an array."""
        first, last = self.header[name]["data_offsets"]
        return int(last - first)

    def read(self, name: str) -> Stored:
        """The value of an array; the numbers of bfloat16 as float32.

        Raises:
            BadTrace: it is not of numbers.
        """
        of, shape = self.header[name]["dtype"], self.header[name]["shape"]
        first, last = self.header[name]["data_offsets"]
        content = self.content[self.start + first : self.start + last]
        if of == "BF16":
            return _from_bfloat16(content).reshape(shape)
        if of not in TYPES:
            raise BadTrace(f"the entry {printable(name, 80)!r} is of {of}; {ONLY_NUMBERS}")
        return np.frombuffer(content, TYPES[of]).reshape(shape)


@contextmanager
def opened_safetensors(path: Path) -> Iterator[SafetensorsFile]:
    """A safetensors file.

    Raises:
        BadTrace: it is none.
        OSError: it cannot be read.
    """
    try:
        with safe_open(path, "np") as checked:
            texts = checked.metadata() or {}
    except SafetensorError as error:
        raise BadTrace(
            f"it is not a whole safetensors file ({printable(str(error), 150)}); was the program "
            "ended while it wrote?"
        ) from None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield SafetensorsFile(content, texts)


def _from_bfloat16(content: bytes) -> NDArray[np.float32]:
    """Numbers of bfloat16, each of which is the upper half of a number of float32."""
    upper = np.frombuffer(content, "<u2").astype(np.uint32)
    return (upper << 16).view(np.float32)
