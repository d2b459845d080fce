"""Characters to tokens and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class UnknownCharacter(ValueError):
    """A document holds a character that the corpus does not."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """One token a character, in order of code points, and special tokens at a document's ends.

    With `special_tokens` "bos" one comes after all characters, and begins and ends every
    document. With "bos-eos" two come before them: 0 begins a document, 1 ends it.
    """

    characters: tuple[str, ...]
    special_tokens: str = "bos"

    @classmethod
    def of(cls, documents: Iterable[str], special_tokens: str = "bos") -> Tokenizer:
        """The tokenizer of all characters that occur in `documents`."""
        return cls(tuple(sorted(set("".join(documents)))), special_tokens)

    @property
    def bos(self) -> int:
        """The token that begins every document."""
        return 0 if self.special_tokens == "bos-eos" else len(self.characters)

    @property
    def eos(self) -> int:
        """The token that ends every document."""
        return 1 if self.special_tokens == "bos-eos" else self.bos

    @property
    def first(self) -> int:
        """The token of the first character."""
        return 2 if self.special_tokens == "bos-eos" else 0

    @property
    def vocab_size(self) -> int:
        """How many tokens there are."""
        return len(self.characters) + len({self.bos, self.eos})

    def encode(self, document: str) -> list[int]:
        """`[bos, *characters, eos]` of a document.

        Raises:
            UnknownCharacter: one of its characters is not in the vocabulary.
        """
        try:
            tokens = [self.first + self.characters.index(char) for char in document]
        except ValueError:
            unknown = next(char for char in document if char not in self.characters)
            raise UnknownCharacter(
                f"{document!r} holds {unknown!r}, which is not among the "
                f"{len(self.characters)} characters of the corpus"
            ) from None
        return [self.bos, *tokens, self.eos]

    def decode(self, tokens: Sequence[int]) -> str:
        """The characters of `tokens`.

        Special tokens are left out, but for a beginning in the middle of a sample, which only a
        vocabulary with two can have: it is written `<BOS>`, as the program prints it.
        """
        between = "<BOS>" if self.special_tokens == "bos-eos" else ""
        special = {self.bos: between, self.eos: ""}
        return "".join(
            special[token] if token in special else self.characters[token - self.first]
            for token in tokens
        )
