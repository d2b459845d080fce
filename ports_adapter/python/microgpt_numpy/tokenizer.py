"""Characters to tokens and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


def read_documents(text: str) -> list[str]:
    """The documents of a corpus: its lines, stripped, blank ones dropped.

    Lines end with LF, CRLF or CR and nothing else (`str.splitlines` knows ten more). That a
    CRLF makes a blank line here does no harm: it is dropped.
    """
    lines = text.replace("\r", "\n").split("\n")
    return [line for line in map(str.strip, lines) if line]


class Marks(NamedTuple):
    """The special tokens at a document's beginning and end; they may be the same one."""

    bos: int
    eos: int

    @classmethod
    def of(cls, vocab_size: int, separate: bool) -> "Marks":
        """The first two of a vocabulary if they are separate, otherwise its last one."""
        return cls(0, 1) if separate else cls(vocab_size - 1, vocab_size - 1)


@dataclass(frozen=True)
class Tokenizer:
    """One token a character, in code point order.

    One special token comes after them, or, with `separate_marks`, two come before them.
    """

    characters: Sequence[str]
    separate_marks: bool = False

    @classmethod
    def of(cls, documents: Sequence[str], separate_marks: bool = False) -> "Tokenizer":
        """A tokenizer for every character that occurs in the documents."""
        return cls(sorted(set().union(*documents)), separate_marks)

    @property
    def spellings(self) -> list[str]:
        """How each token is printed.

        A beginning inside a document is printed, where a sample can have it; an end never is.
        """
        return ["<BOS>", "", *self.characters] if self.separate_marks else [*self.characters, ""]

    @property
    def vocab_size(self) -> int:
        """The number of tokens, special ones included."""
        return len(self.spellings)

    @property
    def marks(self) -> Marks:
        """The special tokens."""
        return Marks.of(self.vocab_size, self.separate_marks)

    def encode(self, documents: Sequence[str]) -> list[list[int]]:
        """The tokens of every document, special ones at both ends."""
        ids = {spelling: token for token, spelling in enumerate(self.spellings)}
        bos, eos = self.marks
        return [[bos, *(ids[c] for c in document), eos] for document in documents]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens that were sampled, with or without their end."""
        return "".join(self.spellings[token] for token in tokens)
