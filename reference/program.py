"""The whole program: from a seed and a corpus to trained weights and samples."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from . import by_hand, counting
from .config import Config
from .corpus import Corpus
from .model import initial_weights
from .sampling import Choose, sample
from .state import State
from .tokenizer import Tokenizer
from .training import Step, initial_state, train


@dataclass(frozen=True, slots=True)
class Run:
    """A program ready to run: documents shuffled and tokenised, weights drawn.

    `generator` stands where the program's one generator stands after the weights; sampling
    continues it, so samples are drawn once, in order.
    """

    config: Config
    tokenizer: Tokenizer
    documents: tuple[str, ...]
    state: State
    generator: random.Random

    @classmethod
    def prepare(cls, config: Config, seed: int, corpus: Corpus) -> Self:
        """Seed the generator, shuffle the documents, draw the weights."""
        generator = random.Random(seed)
        documents = tuple(corpus.shuffled(generator))
        tokenizer = Tokenizer.of(documents, config.special_tokens)
        if config.model == "counts":
            weights = counting.no_counts(tokenizer.vocab_size)
        else:
            weights = initial_weights(config, tokenizer.vocab_size, generator)
        return cls(config, tokenizer, documents, initial_state(weights, config), generator)

    @property
    def num_params(self) -> int:
        """How many scalars are trained."""
        return sum(len(row) for matrix in self.state.weights.values() for row in matrix)

    @property
    def weights(self) -> Any:
        """What training starts from: matrices by name, or as another arithmetic has them."""
        return self.state.weights

    def tokens(self) -> list[list[int]]:
        """Of the documents that are trained on: each step takes one."""
        return [self.tokenizer.encode(d) for d in self.documents[: self.config.num_steps]]

    def steps(self) -> Iterator[Step]:
        """Training from the initial state to the last step."""
        return train(self.state, self.tokens(), self.config)

    def losses(self) -> Iterator[tuple[float, Any]]:
        """Each training step's loss, and the weights after it."""
        return ((step.evaluation.loss, step.state.weights) for step in self.steps())

    def gradient_check(self) -> by_hand.Check:
        """The gradient of the first document, held against numerical differences."""
        return by_hand.check(self.state.weights, self.tokenizer.encode(self.documents[0]))

    def sample(self, weights: Any, choose: Choose) -> list[int]:
        """The tokens of one document."""
        return sample(weights, self.tokenizer.bos, self.config.temperature, self.config, choose)

    def samples(self, weights: Any) -> Iterator[str]:
        """Documents drawn from trained `weights` with the run's generator."""
        vocabulary = range(self.tokenizer.vocab_size)

        def choose(probabilities: Sequence[float]) -> int:
            return self.generator.choices(vocabulary, probabilities)[0]

        for _ in range(self.config.num_samples):
            yield self.tokenizer.decode(self.sample(weights, choose))
