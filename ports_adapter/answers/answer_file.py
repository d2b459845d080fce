"""Reads a file of answers: finds which lines answer which question."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import msgspec
from msgspec import UNSET, Raw, Struct

from ..process import LINE_LIMIT
from ..transcript.reader import Place

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
WIDE = (b"\xff\xfe", b"\xfe\xff")


class BadAnswers(Exception):
    """A file of answers cannot be used; the message says why."""


@dataclass
class AnswerFile:
    """An open file of answers; a context manager.

    Lines are read when they are needed, since they may not fit into memory.

    Attributes:
        ids: the ids of the questions, in their order.
        places: the lines that belong to each question, by its id.
        answers: the numbers of those lines that answer it.
        unfinished: the number of a last line that breaks off, or 0.
    """

    path: Path
    file: IO[bytes]
    ids: Sequence[int]
    places: dict[int, list[Place]] = field(default_factory=dict)
    answers: dict[int, list[int]] = field(default_factory=dict)
    unfinished: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def lines(self, question: int) -> Iterator[tuple[int, bytes]]:
        """The lines that belong to a question, each with its number, cut beyond the limit.

        Raises:
            BadAnswers: the file cannot be read any more.
        """
        for place in self.places.get(question, []):
            try:
                self.file.seek(place.offset)
                yield place.number, self.file.readline(LINE_LIMIT + 2).rstrip(b"\n")
            except OSError as error:
                raise BadAnswers(f"{self.path} cannot be read any more: {error}") from None

    def goes_on_after(self, question: int) -> bool:
        """Whether the file answers a later question."""
        later = self.ids[self.ids.index(question) + 1 :]
        return any(self.answers.get(each) for each in later)


class _Line(Struct, frozen=True):
    """What a line says of the question that it belongs to."""

    id: Any = UNSET
    method: Any = UNSET
    params: Raw | msgspec.UnsetType = UNSET


class _StepParams(Struct, frozen=True):
    id: Any = UNSET


def read_answers(path: Path, ids: Sequence[int]) -> AnswerFile:
    """Open a file of answers to questions with these ids; the caller must close it.

    Answers may come in any order. A line without an id, such as one that is not JSON, belongs to
    the question after the one answered last.

    Raises:
        BadAnswers: it cannot be read, is empty, is not UTF-8, lacks the port's introduction, or
            answers other questions.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadAnswers(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        found = AnswerFile(path, file, ids)
        _index(found)
    except OSError as error:
        file.close()
        raise BadAnswers(f"{path} cannot be read: {error.strerror or error}") from None
    except BaseException:
        file.close()
        raise
    return found


def _index(found: AnswerFile) -> None:
    index_of = {question: index for index, question in enumerate(found.ids)}
    due = found.ids[0]
    number, line, is_answer = 0, b"", False
    for number, (offset, line) in enumerate(_lines(found.file, _first_offset(found)), 1):
        if number == 1 and _is_question(line):
            raise BadAnswers(f"{found.path}, line 1: a question, not an answer of the port")
        question, is_answer = _belongs_to(line)
        if question is None:
            question = due
        elif question not in index_of:
            raise BadAnswers(_foreign(found, number, question))
        found.places.setdefault(question, []).append(Place(number, offset))
        if is_answer:
            found.answers.setdefault(question, []).append(number)
            due = found.ids[min(index_of[question] + 1, len(found.ids) - 1)]
    if number == 0:
        raise BadAnswers(f"{found.path} is empty: the port answered nothing")
    if found.ids[0] not in found.places:
        raise BadAnswers(f"{found.path} has no answer to the first question, initialize")
    if not is_answer and not line.endswith(b"\n") and len(line) <= LINE_LIMIT:
        found.unfinished = number


def _first_offset(found: AnswerFile) -> int:
    start = found.file.read(len(BYTE_ORDER_MARK))
    if start.startswith(WIDE):
        raise BadAnswers(
            f"{found.path} is UTF-16, as PowerShell's > writes it, and answers are UTF-8: let the "
            "port write the file itself, or run it in another shell"
        )
    return len(BYTE_ORDER_MARK) if start == BYTE_ORDER_MARK else 0


def _lines(file: IO[bytes], start: int) -> Iterator[tuple[int, bytes]]:
    """The offset and content of each line, cut beyond the limit of a line."""
    file.seek(start)
    while line := file.readline(LINE_LIMIT + 2):
        yield start, line
        part = line
        while part and not part.endswith(b"\n"):
            part = file.readline(LINE_LIMIT)
        start = file.tell()


def _belongs_to(line: bytes) -> tuple[int | None, bool]:
    """The id of the question that a line belongs to, if it says so, and whether it answers it."""
    try:
        message = msgspec.json.decode(line, type=_Line)
        if message.method is UNSET:
            return _whole(message.id), message.id is not UNSET
        if message.params is not UNSET:
            return _whole(msgspec.json.decode(message.params, type=_StepParams).id), False
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    return None, False


def _is_question(line: bytes) -> bool:
    try:
        message = msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return UNSET not in (message.id, message.method)


def _whole(value: Any) -> int | None:
    """An id as an integer, which some languages write as 1.0; None if it is none."""
    if type(value) is int or (type(value) is float and value.is_integer()):
        return int(value)
    return None


def _foreign(found: AnswerFile, number: int, question: int) -> str:
    return (
        f"{found.path}, line {number}: it answers id {question}, and no question has that id. "
        "These are answers to other questions: judge them with the file that was asked"
    )
