"""The whole program: from a seed and a corpus to trained weights and samples."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from .adam import State
from .config import Config
from .corpus import Corpus
from .model import Weights, initial_weights
from .sampling import sample
from .tokenizer import Tokenizer
from .training import Step, train


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
    def prepare(cls, config: Config, seed: int, corpus: Corpus) -> Run:
        """Seed the generator, shuffle the documents, draw the weights."""
        generator = random.Random(seed)
        documents = tuple(corpus.shuffled(generator))
        tokenizer = Tokenizer.of(documents)
        weights = initial_weights(config, tokenizer.vocab_size, generator)
        return cls(config, tokenizer, documents, State.initial(weights), generator)

    @property
    def num_params(self) -> int:
        """How many scalars are trained."""
        return sum(len(row) for matrix in self.state.weights.values() for row in matrix)

    def steps(self) -> Iterator[Step]:
        """Training from the initial state to the last step."""
        return train(self.state, [self.tokenizer.encode(d) for d in self.documents], self.config)

    def samples(self, weights: Weights) -> Iterator[str]:
        """Documents drawn from trained `weights` with the run's generator."""
        vocabulary = range(self.tokenizer.vocab_size)
        for _ in range(self.config.num_samples):
            tokens = sample(
                weights,
                self.tokenizer.bos,
                self.config.temperature,
                self.config,
                lambda probabilities: self.generator.choices(vocabulary, probabilities)[0],
            )
            yield self.tokenizer.decode(tokens)
