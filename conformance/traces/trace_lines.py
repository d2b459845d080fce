"""Opens a trace, and gives its records, in whichever kind of file they are."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import GzipFile
from pathlib import Path
from typing import BinaryIO

from .tensor_files.tensor_records import FIRST_BYTES, are_tensors, begin_tensors, tensor_records
from .writing.record_lines import BadTrace, Line, Note, opened, records

NPY = b"\x93NUMPY"


@contextmanager
def trace_lines(path: Path, note: Note) -> Iterator[Iterator[Line]]:
    """The records of a trace: of JSON Lines, of a file of tensors, or of a folder of such files.

    Raises:
        BadTrace: it cannot be read, here or while its records are taken.
    """
    try:
        if str(path) == "-" or not are_tensors(path):
            with opened(path) as file:
                _refuse_tensors(file)
                yield records(file, note)
        else:
            yield tensor_records(path, note)
    except OSError as error:
        raise BadTrace(f"it cannot be read: {error.strerror or error}") from None


def _refuse_tensors(file: BinaryIO) -> None:
    """Refuse tensors where lines are expected, as far as the stream can be looked into."""
    content = file.peek(FIRST_BYTES) if isinstance(file, io.BufferedReader | GzipFile) else b""
    if begin_tensors(content):
        raise BadTrace("npz and safetensors are read from a file, not from a pipe, and not gzipped")
    if content.startswith(NPY):
        raise BadTrace("it is a single array of NumPy (.npy); np.savez writes arrays by name")
