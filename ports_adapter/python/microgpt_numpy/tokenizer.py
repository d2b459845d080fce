"""Characters to tokens and back."""

from collections.abc import Sequence
from dataclasses import dataclass


def read_documents(text: str) -> list[str]:
    """The documents of a corpus: its lines, stripped, blank ones dropped.

    Lines end with LF, CRLF or CR and nothing else (`str.splitlines` knows ten more). That a
    CRLF makes a blank line here does no harm: it is dropped.
    """
    lines = text.replace("\r", "\n").split("\n")
    return [line for line in map(str.strip, lines) if line]


@dataclass(frozen=True)
class Tokenizer:
    """One token a character, in code point order, and BOS after the last of them."""

    characters: Sequence[str]

    @classmethod
    def of(cls, documents: Sequence[str]) -> "Tokenizer":
        """A tokenizer for every character that occurs in the documents."""
        return cls(sorted(set().union(*documents)))

    @property
    def bos(self) -> int:
        """The special token that stands at both ends of a document."""
        return len(self.characters)

    @property
    def vocab_size(self) -> int:
        """The number of tokens, BOS included."""
        return len(self.characters) + 1

    def encode(self, documents: Sequence[str]) -> list[list[int]]:
        """The tokens of every document, BOS at both ends."""
        ids = {character: token for token, character in enumerate(self.characters)}
        return [[self.bos, *(ids[c] for c in document), self.bos] for document in documents]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens, BOS left out."""
        return "".join(self.characters[token] for token in tokens if token != self.bos)
