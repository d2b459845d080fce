"""Documents to train on: one a line, from a file, a text, or the corpus that comes with us."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

EMBEDDED = Path(__file__).parent / "corpus.txt"

NAMES_SHA256 = "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d"


class UnreadableCorpus(ValueError):
    """A corpus that is missing, not UTF-8, or empty; the message says which."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents in file order, and the SHA-256 of the bytes they were read from."""

    name: str
    sha256: str
    documents: tuple[str, ...]

    def shuffled(self, generator: random.Random) -> list[str]:
        """The documents in training order; advances `generator`."""
        documents = list(self.documents)
        generator.shuffle(documents)
        return documents


def documents_of(text: str) -> tuple[str, ...]:
    """The lines of `text` stripped of white space, blank ones dropped.

    A line ends with LF, CRLF or CR, as in Python's text mode.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return tuple(line.strip() for line in lines if line.strip())


def corpus_of(name: str, content: bytes) -> Corpus:
    """The corpus in a file's bytes.

    Raises:
        UnreadableCorpus: the bytes are not UTF-8 or hold no document.
    """
    try:
        documents = documents_of(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UnreadableCorpus(
            f"{name} is not UTF-8: byte {error.start} is 0x{content[error.start]:02x}"
        ) from None
    if not documents:
        raise UnreadableCorpus(f"{name} holds no document: every line is blank")
    return Corpus(name, hashlib.sha256(content).hexdigest(), documents)


def read_corpus(path: Path) -> Corpus:
    """The corpus in a file.

    Raises:
        UnreadableCorpus: the file cannot be read, is not UTF-8, or holds no document.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableCorpus(f"{path} cannot be read: {error.strerror}") from None
    return corpus_of(path.name, content)


def embedded_corpus() -> Corpus:
    """Our own small corpus of bird names: 26 letters, no document longer than 15."""
    return read_corpus(EMBEDDED)
