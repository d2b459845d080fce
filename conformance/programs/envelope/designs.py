"""The corpora that a program runs on, chosen to make mistakes visible.

A loss depends on the document, and the order of documents depends on the generator. All corpora
but the natural one are therefore tiny: the order hardly matters, and the losses of correct
programs differ only by their initial weights, which is little.
"""

from dataclasses import dataclass
from string import ascii_lowercase

from reference.corpus import EMBEDDED, Corpus, corpus_of

EARLY = 200
"""Steps after which a corpus of one document has been memorized."""

LATEST = 2000
"""Later steps are never compared."""


@dataclass(frozen=True, slots=True)
class Design:
    """A corpus and the number of steps to compare on it (None: up to `LATEST`)."""

    name: str
    about: str
    content: bytes
    steps: int | None

    @property
    def corpus(self) -> Corpus:
        """The corpus that a program reads."""
        return corpus_of(self.name, self.content)

    def steps_of(self, num_steps: int) -> int:
        """How many steps are compared, of a program that trains for `num_steps`."""
        return min(num_steps, LATEST if self.steps is None else self.steps)


def natural() -> Design:
    """The embedded corpus of bird names, for all steps and the samples."""
    return Design("names", "the embedded corpus of bird names", EMBEDDED.read_bytes(), None)


def designed(block_size: int) -> tuple[Design, ...]:
    """The corpora designed for a model with this block size.

    - One document of different letters: how fast it is learned depends on Adam's constants and
      the standard deviation of the initial weights.
    - A short and a long document alternate: a mean and a sum of losses weigh them differently.
    - Two letters alternate: each update undoes part of the previous one, so the loss stays above
      log(2) / 2. By how much depends on beta1 and, in the last steps, on the learning rate.
    """
    length = max(1, min(block_size - 1, 15))
    return (
        Design("one document", "one document", _text(ascii_lowercase[:length]), EARLY),
        Design("two lengths", "a short and a long document", _text("a", "b" * length), EARLY),
        Design("two letters", "two documents of a letter each", _text("a", "b"), None),
    )


def _text(*documents: str) -> bytes:
    return "".join(f"{document}\n" for document in documents).encode()
