"""The corpora that a traced program is run on: fresh ones, so that no trace can be kept ready."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase

from reference.corpus import Corpus, corpus_of

DOCUMENTS = 40
"""So many documents show whether they are shuffled."""

OTHER_LETTERS = "éßñøжяλ漢字😀"
"""Letters of one to four bytes in UTF-8, of one and two units in UTF-16."""


@dataclass(frozen=True, slots=True)
class TraceCorpus:
    """A corpus: its name, what it is in words, and its bytes in a file."""

    name: str
    about: str
    content: bytes

    @property
    def corpus(self) -> Corpus:
        """The documents that the published program reads from it."""
        return corpus_of(self.name, self.content)


def trace_corpora(seed: int, block_size: int) -> list[TraceCorpus]:
    """The corpora of a run, drawn from a seed.

    - `letters`: all letters from a to z.
    - `few-letters`: seven of them, and no newline at the end.
    - `long`: many documents are longer than a block, and cut off. They use some of many letters, so
      that the gradients of the others show the order of the matrices.
    - `unicode`: letters that take several bytes.
    - `crlf`: lines end with CRLF, some are blank, some begin or end with spaces.
    - `one-letter`: documents of one letter, which differ in nothing but their length.

    Args:
        seed: of the drawing.
        block_size: the longest document that a block has room for, in tokens.
    """
    generator = random.Random(seed)
    few = "".join(sorted(generator.sample(ascii_lowercase, 7)))

    def drawn(letters: str, shortest: int, longest: int) -> list[str]:
        return list(_documents(generator, letters, shortest, longest))

    spaced = [f"{' ' * (i % 3)}{d}{' ' * (i % 2)}" for i, d in enumerate(drawn(few, 2, 8))]
    spaced.insert(3, "")
    spaced.insert(9, "   ")
    lengths = generator.sample(range(1, max(block_size, 3)), min(block_size - 1, 12) or 1)
    return [
        TraceCorpus("letters", "all letters from a to z", _text(drawn(ascii_lowercase, 2, 10))),
        TraceCorpus("few-letters", f"the letters {few}", _text(drawn(few, 2, 10)).rstrip()),
        TraceCorpus(
            "long",
            "documents longer than a block",
            _text(drawn(ascii_lowercase, block_size - 2, 2 * block_size + 4)),
        ),
        TraceCorpus("unicode", f"the letters {OTHER_LETTERS}", _text(drawn(OTHER_LETTERS, 2, 8))),
        TraceCorpus("crlf", "lines that end with CRLF, and spaces", _text(spaced, "\r\n")),
        TraceCorpus("one-letter", "documents of one letter", _text(["a" * n for n in lengths])),
    ]


def _documents(
    generator: random.Random, letters: str, shortest: int, longest: int
) -> Iterator[str]:
    """Documents that are all different, the letters of the alphabet all among them."""
    seen: set[str] = set()
    rest = list(letters)
    generator.shuffle(rest)
    while len(seen) < DOCUMENTS:
        length = generator.randint(max(shortest, 1), longest)
        document = "".join(rest.pop() if rest else generator.choice(letters) for _ in range(length))
        if document not in seen:
            seen.add(document)
            yield document


def _text(documents: list[str], end: str = "\n") -> bytes:
    return "".join(document + end for document in documents).encode()
