"""Characters to tokens and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class UnknownCharacter(ValueError):
    """A document holds a character that the corpus does not."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """One token a character, in order of code points, and one special token after them.

    `bos` begins and ends every document.
    """

    characters: tuple[str, ...]

    @classmethod
    def of(cls, documents: Iterable[str]) -> Tokenizer:
        """The tokenizer of all characters that occur in `documents`."""
        return cls(tuple(sorted(set("".join(documents)))))

    @property
    def bos(self) -> int:
        """The token that begins and ends every document."""
        return len(self.characters)

    @property
    def vocab_size(self) -> int:
        """How many tokens there are."""
        return len(self.characters) + 1

    def encode(self, document: str) -> list[int]:
        """`[bos, *characters, bos]` of a document.

        Raises:
            UnknownCharacter: one of its characters is not in the vocabulary.
        """
        try:
            return [self.bos, *(self.characters.index(char) for char in document), self.bos]
        except ValueError:
            unknown = next(char for char in document if char not in self.characters)
            raise UnknownCharacter(
                f"{document!r} holds {unknown!r}, which is not among the "
                f"{len(self.characters)} characters of the corpus"
            ) from None

    def decode(self, tokens: Sequence[int]) -> str:
        """The characters of `tokens`, special tokens left out."""
        return "".join(self.characters[token] for token in tokens if token != self.bos)
