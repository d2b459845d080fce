"""Judges the tokens of a trace by the corpus that the program was given."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from ports_adapter.quoting import printable
from reference.corpus import Corpus

FEWEST = 4
"""So many documents in the order of their file, of at least `UNLIKELY`, are not there by chance."""

UNLIKELY = 20

SHOWN = 24
"""The most tokens or characters that a message shows."""

UNITS: dict[str, Callable[[str], Sequence[int]]] = {
    "bytes in UTF-8": str.encode,
    "signed bytes in UTF-8": lambda text: np.frombuffer(text.encode(), "b").tolist(),
    "code units in UTF-16": lambda text: np.frombuffer(text.encode("utf-16-le"), "<u2").tolist(),
}
"""What programs take for the characters of a document, as numbers."""


@dataclass
class CorpusTokens:
    """What the tokens of each step show of the documents that a program trains on.

    `visits` are the documents of the recorded steps, each with its 0-based step and its number in
    the file, from 0 on; equal documents have the number of the first one.
    """

    corpus: Corpus
    visits: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.characters = sorted(set("".join(self.corpus.documents)))
        self.special = len(self.characters)
        self.number_of: dict[str, int] = {}
        for number, document in enumerate(self.corpus.documents):
            self.number_of.setdefault(document, number)

    def wrong_vocabulary(self, vocab_size: int) -> str:
        """What is wrong with the number of tokens of the model, in words; empty if it is right."""
        if vocab_size == self.special + 1:
            return ""
        return (
            f"the model has {vocab_size} tokens; the corpus has {_characters(self.special)}, which "
            f"with the special token makes {self.special + 1}"
        )

    def take(self, step: int, tokens: Sequence[int], block_size: int) -> str:
        """What is wrong with the tokens of a step, in words; empty if they are right.

        Args:
            step: the step, from 0 on.
            tokens: its tokens; those that a block has no room for do not count.
            block_size: how many tokens the model predicts at most.
        """
        used = slice(block_size + 1)
        for document, number in self.number_of.items():
            if list(tokens[used]) == self._encoded(document)[used]:
                self.visits.append((step, number))
                return ""
        return f"the tokens {_listed(tokens)} are those of no document{self._why(tokens)}"

    def wrong_documents(self) -> Iterator[str]:
        """Sentences on what is wrong with the choice and the order of the documents."""
        documents, counted = self.corpus.documents, len(self.corpus.documents)
        seen: dict[int, list[int]] = {}
        for step, number in self.visits:
            earlier = seen.setdefault(number, [])
            again = [other for other in earlier if other // counted == step // counted]
            if len(again) >= documents.count(documents[number]):
                yield (
                    f"steps {again[0]} and {step} take the same document; each of the {counted} "
                    "documents comes once before one comes again"
                )
                return
            earlier.append(step)
        if self._are_in_order():
            yield "the documents come in the order of the file; they are shuffled once"

    def _are_in_order(self) -> bool:
        counted = len(self.corpus.documents)
        if len(self.visits) < FEWEST or len(self.number_of) < UNLIKELY:
            return False
        return all(step % counted == number for step, number in self.visits)

    def _encoded(self, document: str) -> list[int]:
        place = {character: index for index, character in enumerate(self.characters)}
        return [self.special, *(place[character] for character in document), self.special]

    def _why(self, tokens: Sequence[int]) -> str:
        """How the tokens nearest to right ones differ from them, as far as it can be told."""
        if words := self._units_read(tokens):
            return words
        bare = [token for token in tokens if token < self.special]
        read = "".join(self.characters[token] for token in bare)
        if read in self.number_of:
            right = _listed(self._encoded(read))
            return f"; those of {printable(read, SHOWN)!r} are {right}"
        if tokens and tokens[0] != self.special:
            return (
                f"; they begin with {tokens[0]}, but the special token is {self.special}: without "
                f"the white space around documents, the corpus has {_characters(self.special)}, "
                f"{printable(''.join(self.characters), SHOWN)!r}"
            )
        example = self.corpus.documents[0]
        right = _listed(self._encoded(example))
        return (
            f"; as characters of the corpus they read {printable(read, SHOWN)!r}. The tokens of "
            f"its first document, {printable(example, SHOWN)!r}, are {right}"
        )

    def _units_read(self, tokens: Sequence[int]) -> str:
        """Which parts of characters the tokens stand for; empty if for none that is known."""
        for name, units_of in UNITS.items():
            documents = {document: units_of(document) for document in self.number_of}
            place = {unit: i for i, unit in enumerate(sorted(set(chain(*documents.values()))))}
            for document, units in documents.items():
                encoded = [len(place), *(place[unit] for unit in units), len(place)]
                right = self._encoded(document)
                if list(tokens) == encoded[: len(tokens)] != right[: len(tokens)]:
                    return (
                        f"; they stand for the {name} of {printable(document, SHOWN)!r}, and not "
                        f"for its characters, whose tokens are {_listed(right)}"
                    )
        return ""


def _listed(tokens: Sequence[int]) -> str:
    shown = ", ".join(map(str, tokens[:SHOWN]))
    return f"[{shown}, …]" if len(tokens) > SHOWN else f"[{shown}]"


def _characters(count: int) -> str:
    return f"{count} character{'s' * (count != 1)}"
