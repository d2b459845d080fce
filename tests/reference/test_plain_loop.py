"""The yardstick in C computes the program's steps, to the last bit."""

import random
from collections.abc import Sequence
from itertools import islice

import pytest

from reference.config import Config
from reference.corpus import embedded_corpus
from reference.model import initial_weights
from reference.profiles import MICROGPT
from reference.program import Run
from reference.state import State
from reference.training import train
from tests.benchmarks.plain_loop import PlainRun, flattened, fnv1a, run
from tests.benchmarks.speed import Training

pytestmark = pytest.mark.needs("cc")

SMALL = {
    "two layers, documents longer than the block": (
        Config(n_embd=8, n_head=2, n_layer=2, block_size=5, num_steps=7),
        5,
        [[4, 0, 0, 0, 4], [4, 1, 2, 1, 2, 1, 2, 4], [4, 3, 4], [4, 4]],
    ),
    "one head, one layer": (
        Config(n_embd=6, n_head=1, n_layer=1, block_size=8, num_steps=5, learning_rate=0.05),
        3,
        [[2, 0, 0, 1, 1, 0, 0, 2], [2, 1, 2]],
    ),
    "heads of one dimension, large weights": (
        Config(n_embd=3, n_head=3, n_layer=3, block_size=4, num_steps=6, init_std=1.0),
        4,
        [[3, 2, 2, 2, 3], [3, 0, 1, 3]],
    ),
}


def check(
    state: State, documents: Sequence[Sequence[int]], config: Config, vocab_size: int, steps: int
) -> PlainRun:
    plain = run(config, vocab_size, flattened(state.weights), documents, steps)
    taken = list(islice(train(state, documents, config), steps))
    assert plain.losses == [step.evaluation.loss for step in taken]
    assert plain.weights_fnv == fnv1a(flattened(taken[-1].state.weights).tobytes())
    return plain


@pytest.mark.slow
def test_the_published_sizes() -> None:
    program = Run.prepare(MICROGPT.config, MICROGPT.seed, embedded_corpus())
    documents = [program.tokenizer.encode(document) for document in program.documents]
    vocab_size = program.tokenizer.vocab_size
    plain = check(program.state, documents, program.config, vocab_size, steps=5)
    assert plain.seconds_per_step > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_other_sizes(name: str) -> None:
    config, vocab_size, documents = SMALL[name]
    state = State.initial(initial_weights(config, vocab_size, random.Random(7)))
    check(state, documents, config, vocab_size, config.num_steps)


@pytest.mark.thorough
def test_a_large_model_runs_on_its_tape_bit_for_bit_like_the_loop() -> None:
    """128 dimensions, 4 layers, a document of 64 positions: beyond the scalar program's reach."""
    training = Training.large()
    plain = training.plain(2)
    steps = list(islice(training.machine.train(training.start, training.documents), 2))
    assert plain.losses == [step.replay.loss for step in steps]
    assert plain.weights_fnv == fnv1a(steps[-1].state.weights.tobytes())


def test_multiply_adds_are_counted_by_hand() -> None:
    config = Config(n_embd=2, n_head=1, n_layer=1, block_size=8, num_steps=1)
    weights = initial_weights(config, 3, random.Random(7))
    plain = run(config, 3, flattened(weights), [[2, 0, 1, 2]], 1)
    matrices = 3 * (4 * 2 * 2 + 2 * 8 * 2 + 3 * 2)  # at each of three positions
    attention = (1 + 2 + 3) * (2 + 2)  # scores and weighted sums, over the cached positions
    squares = 3 * 3 * 2  # three norms at each position
    assert plain.multiply_adds_per_step == 3 * (matrices + attention + squares)
