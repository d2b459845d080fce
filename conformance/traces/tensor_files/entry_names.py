"""Where an entry of a file of tensors belongs: `0/grads/wte` is a gradient of step 0."""

import difflib
import re
from typing import NamedTuple

from ports_adapter.quoting import printable

from ..model.tensor_names import recognized
from ..writing.record_lines import BadTrace
from ..writing.records import KINDS, fields_of

FIRST = "trace"
"""The kind of the first record."""

ENTRY = re.compile(
    r"(?:(?:(?P<kind>step|sample)[_/.-]?)?(?P<number>\d{1,13})[/.])?"
    r"(?P<part>[A-Za-z]\w*)(?:[/.](?P<name>.+))?",
    re.DOTALL,
)
NUMBERED = re.compile(r"(step|sample)[_.-]?(\d{1,13})")

NUMBERS = ("step", "sample")
"""The fields that a name has before its part."""

WITH_NAMES = ("weights", "intermediates", "intermediate_grads", "grads", "m", "v")
"""The parts that are sets of matrices, each under its name."""


class RecordKey(NamedTuple):
    """Which record it is: the first, or the one of a step or a sample with a number."""

    kind: str = FIRST
    number: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """Its place among the records: the first one, the steps, the samples."""
        return list(KINDS).index(self.kind), self.number

    @property
    def words(self) -> str:
        """What the record is called in messages."""
        return "the first record" if self.kind == FIRST else f"{self.kind} {self.number}"


class Entry(NamedTuple):
    """Where a value belongs: its record, the part of it, and the matrix, empty if it has none."""

    record: RecordKey
    part: str
    matrix: str


def entry_of(name: str, of_file: RecordKey | None) -> Entry:
    """Where an entry belongs by its name.

    Args:
        name: the name.
        of_file: the record of the whole file, where there is one file a record.

    Raises:
        BadTrace: the name is not `STEP/PART/MATRIX`, without what does not apply.
    """
    shown = f"the entry {printable(name, 80)!r}"
    found = ENTRY.fullmatch(name)
    if found is None:
        raise BadTrace(f"{shown} has no known form; entries are named as in {_example(of_file)}")
    record = of_file or RecordKey()
    if found["number"] is not None:
        record = RecordKey(found["kind"] or "step", int(found["number"]))
        if of_file is not None:
            raise BadTrace(
                f"{shown} has a number; in a folder, a step is a file with the number in its "
                f"name, and an entry is named as in {_example(of_file)}"
            )
    part, matrix = found["part"], found["name"] or ""
    fields = [field for field in fields_of(KINDS[record.kind]) if field not in NUMBERS]
    if part not in fields:
        raise BadTrace(f"{shown} {_not_a_part(name, record, part, fields, of_file)}")
    if matrix and part not in WITH_NAMES:
        raise BadTrace(f"{shown} is of {part}, which has no matrices; expected {part!r} alone")
    return Entry(record, part, matrix)


def record_of_file(stem: str) -> RecordKey:
    """Which record a file of a folder is, by its name without the suffix.

    Raises:
        BadTrace: the name has several numbers.
    """
    if named := NUMBERED.findall(stem.lower()):
        kind, number = named[-1]
        return RecordKey(kind, int(number))
    numbers = re.findall(r"\d+", stem)
    if not numbers:
        return RecordKey()
    if len(numbers) > 1 or len(numbers[0]) > len(str(2**40)):
        raise BadTrace(
            "it is open which number of its name is that of the step; name it as in "
            "step_0007.npz, and the file of the first record without a number"
        )
    return RecordKey("step", int(numbers[0]))


def _not_a_part(
    name: str, record: RecordKey, part: str, fields: list[str], of_file: RecordKey | None
) -> str:
    """What is wrong with an entry that is no part of its record."""
    if recognized(name, 1):
        kinds = " or ".join(f"{kind}/" for kind in WITH_NAMES if kind in fields)
        return f"is a matrix; expected {kinds} before its name, as in {_example(of_file)}"
    if record.kind == FIRST and part in fields_of(KINDS["step"]):
        if of_file is None:
            return f"has no step; expected its number first, as in 0/{printable(name, 60)}"
        return "is of a step; expected it in a file with a number, as in step_0000.npz"
    close = difflib.get_close_matches(part, fields, 1)
    meant = f"Did you mean {close[0]}? " if close else ""
    return (
        f"is no part of {record.words}. {meant}Its parts are {', '.join(fields)}, and entries are "
        f"named as in {_example(of_file)}"
    )


def _example(of_file: RecordKey | None) -> str:
    """Names of entries as they should be."""
    if of_file is None:
        return "weights/wte, n_head, 0/tokens and 0/grads/wte"
    return "weights/wte and n_head" if of_file.kind == FIRST else "tokens and grads/wte"
