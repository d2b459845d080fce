"""Small questions that between them tell of every mistake, and what the program answers."""

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import structs

from conformance.anatomy.levels import Level
from conformance.cases.budget_origin import offer_of
from conformance.cases.by_level import autograd, generator, layers, tokenizer
from conformance.cases.by_level.sampling import certain_of
from conformance.oracle import reference_answer
from conformance.oracle.reference_answer import optimizer_of, sizes_of
from golden.trace import floats
from ports_adapter.messages import (
    AdamParams,
    ModelParams,
    ReplicateParams,
    SampleParams,
    StepParams,
    TrainParams,
)
from reference.config import Config
from reference.model import initial_weights

Question = tuple[str, Any]

VOCABULARY = 5

SMALL = Config(n_embd=4, n_head=2, n_layer=2, block_size=4, init_std=0.5, num_steps=6)

LONGER = Config(n_embd=4, n_head=2, n_layer=1, block_size=12, init_std=0.5)

TINY = Config(n_embd=2, n_head=1, n_layer=1, block_size=2)

SHORT, CUT, LONG = [4, 0, 3, 4], [4, 1, 0, 2, 2, 3, 4], [4, 0, 1, 2, 3, 0, 1, 2, 0, 4]


def weights_of(config: Config, seed: str, std: float | None = None, vocabulary: int = 5) -> Any:
    drawn = initial_weights(config, vocabulary, random.Random(seed))
    if std is None:
        return drawn
    return {
        name: [[w / config.init_std * std for w in row] for row in m] for name, m in drawn.items()
    }


def model(config: Config, tokens: list[int]) -> ModelParams:
    return ModelParams(
        profile="microgpt",
        sizes=sizes_of(config),
        weights=weights_of(config, "model"),
        tokens=tokens,
        intermediates=True,
    )


def update(step: int, num_steps: int, std: float, *, fresh: bool = False) -> AdamParams:
    """A step's update, the last row of every matrix without a gradient."""
    config = Config(n_embd=2, n_head=1, n_layer=1, block_size=2, num_steps=num_steps)
    grads = weights_of(TINY, "grads", std)
    before = weights_of(TINY, "m", 0.0 if fresh else 0.1)
    return AdamParams(
        profile="microgpt",
        sizes=sizes_of(config),
        optimizer=optimizer_of(config),
        step=step,
        weights=weights_of(TINY, "weights"),
        m=before,
        v={name: [[x * x for x in row] for row in rows] for name, rows in before.items()},
        grads={name: [*rows[:-1], [0.0] * len(rows[-1])] for name, rows in grads.items()},
    )


def training(
    config: Config = SMALL, documents: Sequence[list[int]] = (SHORT, [4, 2, 4]), steps: int = 3
) -> TrainParams:
    zeros = weights_of(config, "zeros", 0.0)
    return TrainParams(
        profile="microgpt",
        sizes=sizes_of(config),
        optimizer=optimizer_of(config),
        step=1,
        weights=weights_of(config, "model"),
        m=zeros,
        v=zeros,
        documents=list(documents),
        steps=steps,
        record="full",
    )


def sample(temperature: float, uniforms: list[float]) -> SampleParams:
    return SampleParams(
        profile="microgpt",
        sizes=sizes_of(LONGER),
        weights=weights_of(LONGER, "sample", 0.8),
        temperature=temperature,
        uniforms=uniforms,
    )


def impossible() -> SampleParams:
    """All tokens but one have probability 0, the first one, too."""
    question = sample(1.0, [0.0] * 14)
    return structs.replace(question, weights=certain_of(1, floats(question.weights)))


def program() -> ReplicateParams:
    return ReplicateParams(
        profile="microgpt",
        sizes=sizes_of(SMALL),
        optimizer=optimizer_of(SMALL),
        seed=42,
        init_std=0.8,
        temperature=1.0,
        num_samples=12,
        text="ab\nba\ncab\nbbc\nb\n",
    )


@cache
def questions(level: Level) -> list[Question]:
    """Small questions that between them tell of every mistake of a level."""
    whole = {
        Level.TOKENIZER: tokenizer.cases,
        Level.AUTOGRAD: autograd.cases,
        Level.LAYERS: layers.cases,
        Level.RANDOM: generator.cases,
    }
    if level in whole:
        offer = offer_of("float64")
        return [(case.method, case.question(offer)) for case in whole[level](1)]
    documents = [(SMALL, SHORT), (SMALL, CUT), (LONGER, LONG)]
    drawn = random.Random("uniforms")
    asked: dict[Level, list[Any]] = {
        Level.FORWARD: [model(*pair) for pair in documents],
        Level.BACKWARD: [model(*pair) for pair in documents],
        Level.ADAM: [
            update(0, 1000, 1.0, fresh=True),
            update(2, 1000, 1.0),
            update(2, 5000, 0.01),
        ],
        Level.TRAIN: [training()],
        Level.SAMPLE: [
            *(sample(heat, [drawn.random() for _ in range(14)]) for heat in (0.3, 1.5) * 3),
            sample(1.0, [0.0] * 14),
            sample(1.0, [1 - 2.0**-53] * 14),
            impossible(),
        ],
        Level.REPLICATE: [program()],
    }
    return [(str(level), params) for params in asked[level]]


def answered(question: Question) -> Any:
    """All numbers of an answer and of its steps, or how it ended."""
    steps: list[StepParams] = []
    try:
        result = reference_answer.answer(*question, steps.append)
    except (ArithmeticError, ValueError, RecursionError) as error:
        return type(error).__name__
    return repr(msgspec.to_builtins([result, steps], enc_hook=float))
