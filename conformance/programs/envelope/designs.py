"""The corpora that a program is run on, chosen to make mistakes visible.

A loss depends on the document, the order of documents on the generator. So but for the natural
one these corpora are tiny: the order hardly matters, and honest losses differ by the initial
weights alone, which is little.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase

from reference.corpus import EMBEDDED, Corpus, corpus_of

EARLY = 200
"""Steps after which a corpus of one document is known by heart."""

LATEST = 2000
"""No later step is looked at, however long a program trains."""


@dataclass(frozen=True, slots=True)
class Design:
    """A corpus, what it is for, and how many steps are looked at (None: up to `LATEST`)."""

    name: str
    about: str
    content: bytes
    steps: int | None

    @property
    def corpus(self) -> Corpus:
        """Its documents."""
        return corpus_of(self.name, self.content)

    def steps_of(self, num_steps: int) -> int:
        """How many steps are looked at, if the program trains for so many."""
        return min(num_steps, LATEST if self.steps is None else self.steps)


def natural() -> Design:
    """Our own corpus of names, for all steps and the samples."""
    return Design("names", "the embedded corpus of bird names", EMBEDDED.read_bytes(), None)


def designed(block_size: int) -> tuple[Design, ...]:
    """The corpora made for a model with this block size.

    - one document of different letters: how fast it is learnt tells Adam's constants and the
      weights' deviation;
    - a short and a long document in turn: a mean and a sum weigh them differently;
    - two letters in turn: the loss stays above log(2) / 2 by what each update undoes of the one
      before, which tells beta1 and, in the last steps, how the learning rate ends.
    """
    length = max(1, min(block_size - 1, 15))
    return (
        Design("one document", "one document", _text(ascii_lowercase[:length]), EARLY),
        Design("two lengths", "a short and a long document", _text("a", "b" * length), EARLY),
        Design("two letters", "two documents of a letter each", _text("a", "b"), None),
    )


def _text(*documents: str) -> bytes:
    return "".join(f"{document}\n" for document in documents).encode()
