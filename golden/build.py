"""Builds a golden trace from a run of the canonical program at machine speed.

`golden.check` recomputes the steps recorded in full with the scalar program.
"""

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
"""All mistakes known when this was chosen show within five steps of the initial weights."""

WARM_FROM, WARM_LENGTH = 450, 10
"""The earliest warm step, and the fewest characters of its document."""


def build_trace(
    profile: Profile,
    corpus: Corpus,
    config: Config,
    progress: Progress = no_progress,
    cold: int = COLD_STEPS,
) -> Trace:
    """Run `profile` with `config` on `corpus`, and record every step, some of them in full.

    Args:
        profile: the profile, which has the seed.
        corpus: the documents to train on.
        config: the profile's configuration, or a variation of it.
        progress: is called after every step.
        cold: how many first steps to record in full.
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
class _RunStep:
    """What the trace needs of a step of any kind of run.

    `grads` and `after` are the gradients and the weights after the update, flat. `weights` are
    the same weights in the form that the run samples from. `whole` gives the whole step.
    """

    index: int
    tokens: list[int]
    learning_rate: float
    loss: float
    grads: Array
    after: Array
    weights: Any
    whole: Callable[[], Step]


def _steps(run: Run) -> Iterator[_RunStep]:
    """The steps of a run, at machine speed if it is a run of a tape."""
    if not isinstance(run, TapeRun):
        for step in run.steps():
            yield _RunStep(
                step.index, step.tokens, step.learning_rate, step.evaluation.loss,
                flat(step.evaluation.grads), flat(step.state.weights), step.state.weights,
                partial(lambda whole: whole, step),
            )  # fmt: skip
        return
    machine = run.machine
    for flat_step in machine.train(FlatState.of(run.state), run.tokens()):
        after = flat_step.state.weights
        yield _RunStep(
            flat_step.index, list(flat_step.tokens), flat_step.learning_rate,
            flat_step.replay.loss, flat_step.replay.grads, after, after,
            partial(machine.unpacked, flat_step),
        )  # fmt: skip


def chosen_steps(documents: tuple[str, ...], num_steps: int, cold: int = COLD_STEPS) -> set[int]:
    """The 0-based steps to record in full: the first ones, two warm ones, and the one before."""
    warm = next(
        (
            step
            for step in range(WARM_FROM, num_steps - 1)
            if len(documents[step % len(documents)]) >= WARM_LENGTH
        ),
        None,
    )
    return set(range(cold)) | (set() if warm is None else {warm - 1, warm, warm + 1})


def light_step(step: _RunStep, document: str) -> TracedStep:
    """The fields that the trace records of every step."""
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
    """The further fields of a step recorded in full: those of `FullStep`."""
    return {
        "logits": matrix(step.evaluation.logits),
        "losses": [number(loss) for loss in step.evaluation.losses],
        "grads": tensors(step.evaluation.grads),
        "m": tensors(step.state.m),
        "v": tensors(step.state.v),
        "weights": tensors(step.state.weights),
    }


def norm(scalars: Array) -> float:
    """The Euclidean norm, from a correctly rounded sum of squares."""
    return math.sqrt(math.fsum((scalars * scalars).tolist()))


def matrix(rows: Floats) -> Matrix:
    """Rows of floats as JSON carries them."""
    return [[number(x) for x in row] for row in rows]


def tensors(weights: Weights) -> Tensors:
    """Named matrices as JSON carries them."""
    return {name: matrix(rows) for name, rows in weights.items()}
