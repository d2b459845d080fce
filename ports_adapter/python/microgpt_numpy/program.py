"""The whole program: from a seed and a corpus to a trained model and its samples."""

import random
from typing import NamedTuple

from .array import Real, Tensors
from .model import Model
from .profiles import Profile
from .sampling import sample
from .tokenizer import Tokenizer, read_documents
from .training import Announce, Learner, train


class Plan(NamedTuple):
    """What a program does with a corpus; `learner` trains the `model`."""

    profile: Profile
    model: Model
    learner: Learner
    num_steps: int
    seed: int
    init_std: float
    temperature: float
    num_samples: int


class Replica(NamedTuple):
    """What the whole program prints."""

    num_docs: int
    vocab_size: int
    num_params: int
    samples: list[str]


def draw_weights(plan: Plan, vocab_size: int, real: Real, generator: random.Random) -> Tensors:
    """The weights that training starts from, normally distributed if they are drawn at all."""

    def draw(name: str) -> float:
        # With a standard deviation of 0, too: it moves the generator on.
        return generator.gauss(0, plan.profile.std(name, plan.init_std))

    return plan.model.initial_weights(vocab_size, real, draw)


def replicate(plan: Plan, text: str, real: Real, announce: Announce) -> Replica:
    """The whole program. One generator shuffles, draws the weights, then chooses the samples."""
    generator = random.Random(plan.seed)
    documents = read_documents(text)
    generator.shuffle(documents)
    tokenizer = Tokenizer.of(documents, plan.profile.separate_marks)
    weights = draw_weights(plan, tokenizer.vocab_size, real, generator)
    state = plan.learner.start(weights)
    encoded = tokenizer.encode(documents)
    state = train(plan.learner, state, encoded, range(plan.num_steps), announce)
    uniforms = iter(generator.random, None)
    samples = [
        sample(plan.model, state.weights, tokenizer.marks, plan.temperature, uniforms)
        for _ in range(plan.num_samples)
    ]
    return Replica(
        num_docs=len(documents),
        vocab_size=tokenizer.vocab_size,
        num_params=sum(w.size for w in weights.values()),
        samples=[tokenizer.decode(tokens) for tokens in samples],
    )
