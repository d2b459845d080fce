"""Building a trace: a run of the canonical program at machine speed, written down.

`golden.check` computes the steps recorded in full again with the scalar program.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec import structs

from reference.config import Config
from reference.corpus import Corpus
from reference.model import Floats, Weights
from reference.profiles import Profile
from reference.program import Run
from reference.tape.machine import FlatState, TapeRun, flat
from reference.training import Step

from .numbers import Array
from .progress import Progress, no_progress
from .trace import Matrix, Tensors, Trace, TracedCorpus, TracedStep, number

COLD_STEPS = 5
"""Every mistake known at the time differs by the fifth step from the initial weights."""

WARM_FROM, WARM_LENGTH = 450, 10
"""A warm step comes this late at the earliest, with a document of at least this many characters."""


def build_trace(
    profile: Profile,
    corpus: Corpus,
    config: Config,
    progress: Progress = no_progress,
    cold: int = COLD_STEPS,
) -> Trace:
    """Run `profile` with `config` on `corpus`, keeping every step lightly and some in full.

    `cold` says how many of the first ones.
    """
    kind = Run if config.gradient == "none" else TapeRun
    run = kind.prepare(config, profile.seed, corpus)
    in_full = chosen_steps(run.documents, config.num_steps, cold)
    steps, weights = [], run.weights
    for step in _steps(run):
        light = light_step(step, run.documents[step.index % len(run.documents)])
        chosen = step.index in in_full
        steps.append(structs.replace(light, **full_fields(step.whole())) if chosen else light)
        weights = step.weights
        progress(f"running {profile.name}", step.index + 1, config.num_steps)
    return Trace(
        profile=profile.name,
        config=config,
        seed=profile.seed,
        corpus=TracedCorpus(corpus.name, corpus.sha256, len(corpus.documents)),
        characters=list(run.tokenizer.characters),
        initial_weights=tensors(run.state.weights),
        steps=steps,
        samples=list(run.samples(weights)),
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """A step as far as every step is written down; `weights` are as its run has them.

    `grads` and `after` are all gradients and all weights after the update, in one row; `whole`
    gives the rest.
    """

    index: int
    tokens: list[int]
    learning_rate: float
    loss: float
    grads: Array
    after: Array
    weights: Any
    whole: Callable[[], Step]


def _steps(run: Run) -> Iterator[_Taken]:
    """The run's steps, at machine speed where there is a gradient."""
    if not isinstance(run, TapeRun):
        for step in run.steps():
            yield _Taken(
                step.index, step.tokens, step.learning_rate, step.evaluation.loss,
                flat(step.evaluation.grads), flat(step.state.weights), step.state.weights,
                partial(lambda taken: taken, step),
            )  # fmt: skip
        return
    machine = run.machine
    for taken in machine.train(FlatState.of(run.state), run.tokens()):
        yield _Taken(
            taken.index, list(taken.tokens), taken.learning_rate, taken.replay.loss,
            taken.replay.grads, taken.state.weights, taken.state.weights,
            partial(machine.unpacked, taken),
        )  # fmt: skip


def chosen_steps(documents: tuple[str, ...], num_steps: int, cold: int = COLD_STEPS) -> set[int]:
    """The steps to record in full: the first ones, and two warm ones with the one before them."""
    warm = next(
        (
            step
            for step in range(WARM_FROM, num_steps - 1)
            if len(documents[step % len(documents)]) >= WARM_LENGTH
        ),
        None,
    )
    return set(range(cold)) | (set() if warm is None else {warm - 1, warm, warm + 1})


def light_step(step: _Taken, document: str) -> TracedStep:
    """What the trace keeps of every step."""
    return TracedStep(
        step=step.index,
        document=document,
        tokens=step.tokens,
        learning_rate=step.learning_rate,
        loss=number(step.loss),
        grad_norm=number(norm(step.grads)),
        weight_norm=number(norm(step.after)),
    )


def full_fields(step: Step) -> dict[str, Any]:
    """What the trace keeps of a chosen step besides: the fields of `FullStep`."""
    return {
        "logits": matrix(step.evaluation.logits),
        "losses": [number(loss) for loss in step.evaluation.losses],
        "grads": tensors(step.evaluation.grads),
        "m": tensors(step.state.m),
        "v": tensors(step.state.v),
        "weights": tensors(step.state.weights),
    }


def norm(scalars: Array) -> float:
    """The Euclidean norm, the sum of squares exactly rounded."""
    return math.sqrt(math.fsum((scalars * scalars).tolist()))


def matrix(rows: Floats) -> Matrix:
    """Rows of floats as JSON carries them."""
    return [[number(x) for x in row] for row in rows]


def tensors(weights: Weights) -> Tensors:
    """Named matrices as JSON carries them."""
    return {name: matrix(rows) for name, rows in weights.items()}
