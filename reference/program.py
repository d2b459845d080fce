"""The whole program: from a seed and a corpus to trained weights and samples."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from .adam import State
from .config import Config
from .corpus import Corpus
from .model import initial_weights
from .sampling import NextLogits, next_logits, sample_from
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
    def prepare(cls, config: Config, seed: int, corpus: Corpus) -> Self:
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

    def next_logits(self, weights: Any) -> NextLogits:
        """What the model with these weights has to say on one document."""
        return next_logits(weights, self.config)

    def samples(self, weights: Any) -> Iterator[str]:
        """Documents drawn from trained `weights` with the run's generator."""
        vocabulary = range(self.tokenizer.vocab_size)
        for _ in range(self.config.num_samples):
            tokens = sample_from(
                self.next_logits(weights),
                self.tokenizer.bos,
                self.config.temperature,
                self.config,
                lambda probabilities: self.generator.choices(vocabulary, probabilities)[0],
            )
            yield self.tokenizer.decode(tokens)
