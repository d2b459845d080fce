"""From a corpus to tokens and back."""

from collections.abc import Sequence


def documents_of(text: str) -> list[str]:
    """The documents of a corpus: its lines, stripped of white space, without the blank ones.

    A line ends with LF, CRLF or CR. `str.splitlines` would also end it at a form feed or at
    U+2028. That CRLF, read as CR and LF, makes a blank line more does not matter.
    """
    lines = text.replace("\r", "\n").split("\n")
    return [line.strip() for line in lines if line.strip()]


class Tokenizer:
    """A token is a character's place among all characters, sorted; BOS comes after them all."""

    def __init__(self, documents: Sequence[str]) -> None:
        self.characters = sorted(set("".join(documents)))
        self.bos = len(self.characters)
        self.vocab_size = len(self.characters) + 1
        self._tokens = {character: token for token, character in enumerate(self.characters)}

    def encode(self, document: str) -> list[int]:
        """The tokens of a document, BOS at both ends."""
        return [self.bos, *(self._tokens[character] for character in document), self.bos]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens, none of them BOS."""
        return "".join(self.characters[token] for token in tokens)
