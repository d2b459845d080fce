"""The program around the model: train it, sample from it, and both from a seed."""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from . import adam
from .adam import Optimizer, State
from .layers import Array, Real, Tensors, softmax
from .model import Backward, Sizes, backward, forward
from .tokenizer import Tokenizer, read_documents


class Step(NamedTuple):
    """A training step: its 0-based number, what it computed, and the state that it led to."""

    number: int
    learning_rate: float
    result: Backward
    state: State


Announce = Callable[[Step], None]
"""Told of each training step when it is done."""


class OutOfUniformsError(Exception):
    """A document was not finished when its random numbers were."""


class Replica(NamedTuple):
    """What the whole program prints."""

    num_docs: int
    vocab_size: int
    num_params: int
    samples: list[str]


def train(
    state: State,
    sizes: Sizes,
    optimizer: Optimizer,
    documents: Sequence[Sequence[int]],
    steps: range,
    announce: Announce,
) -> State:
    """The state after the given 0-based steps, each on one document, round and round."""
    for step in steps:
        result = backward(state.weights, sizes, documents[step % len(documents)])
        state = adam.update(state, result.grads, optimizer, step)
        announce(Step(step, optimizer.rate(step), result, state))
    return state


def sample(
    weights: Tensors, sizes: Sizes, temperature: float, uniforms: Iterator[float]
) -> list[int]:
    """The tokens drawn for one document, one uniform number each.

    Ends with BOS, unless the block is full before. The whole prefix is read again for each
    token: at these sizes a cache of keys and values would save nothing worth its code.
    """
    bos = len(weights["wte"]) - 1
    tokens = [bos]
    while len(tokens) <= sizes.block_size:
        logits = forward(weights, sizes, tokens)["logits"][-1]
        uniform = next(uniforms, None)
        if uniform is None:
            raise OutOfUniformsError(f"{len(tokens) - 1} were not enough")
        tokens.append(choose(softmax(logits / temperature), uniform))
        if tokens[-1] == bos:
            break
    return tokens[1:]


def choose(probabilities: Array, uniform: float) -> int:
    """The index that `random.choices` would choose, had `random()` given `uniform`."""
    cumulative = list(accumulate(probabilities.tolist()))
    return bisect_right(cumulative, uniform * cumulative[-1], 0, len(cumulative) - 1)


def draw_weights(
    generator: random.Random, real: Real, sizes: Sizes, vocab_size: int, std: float
) -> Tensors:
    """Normally distributed weights, drawn tensor by tensor and row by row."""
    return {
        name: np.array([[generator.gauss(0, std) for _ in range(nin)] for _ in range(nout)], real)
        for name, (nout, nin) in sizes.weight_shapes(vocab_size).items()
    }


def replicate(
    text: str,
    real: Real,
    sizes: Sizes,
    optimizer: Optimizer,
    announce: Announce,
    *,
    seed: int,
    init_std: float,
    temperature: float,
    num_samples: int,
) -> Replica:
    """The whole program. One generator shuffles, draws the weights, then chooses the samples."""
    generator = random.Random(seed)
    documents = read_documents(text)
    generator.shuffle(documents)
    tokenizer = Tokenizer.of(documents)
    weights = draw_weights(generator, real, sizes, tokenizer.vocab_size, init_std)
    steps = range(optimizer.num_steps)
    encoded = tokenizer.encode(documents)
    weights = train(adam.start(weights), sizes, optimizer, encoded, steps, announce).weights
    uniforms = iter(generator.random, None)
    samples = [sample(weights, sizes, temperature, uniforms) for _ in range(num_samples)]
    return Replica(
        num_docs=len(documents),
        vocab_size=tokenizer.vocab_size,
        num_params=sum(w.size for w in weights.values()),
        samples=[tokenizer.decode(tokens) for tokens in samples],
    )
