"""Gives clients the answers of a file, as if the port that wrote them ran."""

from collections.abc import Iterator, Mapping

from ..client import Client, Source
from ..failures import NotStarted, PortCrashed, ProtocolViolated
from ..manifest import Port
from ..process import LINE_LIMIT
from ..quoting import quoted
from .answer_file import AnswerFile


class Answered(Source):
    """Clients whose answers come from a file.

    Args:
        file: the answers.
        ids: the id of the question of each case, by its slug.
    """

    def __init__(self, file: AnswerFile, ids: Mapping[str, int]) -> None:
        self.file = file
        self.introduction = file.ids[0]
        self.question = self.introduction
        self._ids = ids

    def client(self, port: Port) -> Client:
        """A client of the port that answered what is left of the file.

        Raises:
            NotStarted: the file has no answer to any later question.
        """
        if self.question != self.introduction and not self._has_more:
            raise NotStarted(f"{self.file.path} has no more answers")
        process = AnsweredProcess(self)
        return Client(port, process, process.ids())

    def turn_to(self, slug: str) -> None:
        """Go to the question of a case."""
        self.question = self._ids[slug]

    @property
    def _has_more(self) -> bool:
        return bool(self.file.places.get(self.question)) or self.file.goes_on_after(self.question)


class AnsweredProcess:
    """A port that has answered already."""

    pid = 0
    log = b""

    def __init__(self, source: Answered) -> None:
        self._source = source
        self._asked = self.ids()
        self._question = 0
        self._lines: Iterator[tuple[int, bytes]] = iter(())

    def ids(self) -> Iterator[int]:
        """The ids of the questions: first that of the introduction, then those of the cases."""
        yield self._source.introduction
        while True:
            yield self._source.question

    def send(self, line: bytes) -> None:  # noqa: ARG002
        """Go to the answers to the next question."""
        self._question = next(self._asked)
        self._lines = self._source.file.lines(self._question)

    def receive(self, seconds: float) -> bytes:  # noqa: ARG002
        """The next line that belongs to the question.

        Raises:
            PortCrashed: there is none, or it breaks off.
            ProtocolViolated: the question is answered twice, or the line is too long.
        """
        file = self._source.file
        answers = file.answers.get(self._question, [])
        if len(answers) > 1 and self._question != self._source.introduction:
            raise ProtocolViolated(f"{file.path} answers it twice, in lines {_listed(answers)}")
        number, line = next(self._lines, (0, b""))
        if not number:
            raise PortCrashed(f"{file.path} has no answer to it, with id {self._question}")
        if number == file.unfinished:
            raise PortCrashed(
                f"{file.path} breaks off in line {number}, after {len(line)} bytes of it"
            )
        if len(line) > LINE_LIMIT:
            raise ProtocolViolated(
                f"{file.path}, line {number}: a line of more than {LINE_LIMIT >> 20} MiB; it "
                f"starts with {quoted(line[:1000])}"
            )
        return line

    def unread(self) -> bytes | None:
        """None: a file does not show what came before a question."""
        return None

    def wait(self, seconds: float) -> int | None:  # noqa: ARG002
        """None: a file does not show how a port ends."""
        return None

    def close(self) -> None:
        """Nothing runs."""


def _listed(numbers: list[int]) -> str:
    return " and ".join(map(str, numbers[:2])) + (" and more" if numbers[2:] else "")
