"""Opens a trace, and gives its records, in whichever kind of file they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .tensor_files.tensor_records import are_tensors, tensor_records
from .writing.record_lines import BadTrace, Line, Note, opened, records


@contextmanager
def trace_lines(path: Path, note: Note) -> Iterator[Iterator[Line]]:
    """The records of a trace: of JSON Lines, of a file of tensors, or of a folder of such files.

    Raises:
        BadTrace: it cannot be read, here or while its records are taken.
    """
    try:
        if str(path) == "-" or not are_tensors(path):
            with opened(path) as file:
                yield records(file, note)
        else:
            yield tensor_records(path, note)
    except OSError as error:
        raise BadTrace(f"it cannot be read: {error.strerror or error}") from None
