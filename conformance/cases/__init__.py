"""Every case, level by level in the order in which a port is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from golden.budgets import Precision
from golden.goldens import load_trace

from ..case import Case
from . import (
    autograd,
    generator,
    handshake,
    layers,
    model,
    program,
    sampling,
    tokenizer,
    training,
    trajectory,
)
from .situations import Situations


def all_cases(seed: int, precision: Precision) -> list[Case]:
    """Every case but the last, `handshake.shutdown_case`.

    Args:
        seed: what the fresh ones are drawn from.
        precision: what the port's manifest declares.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
    """
    situations = Situations.of(load_trace(), seed, precision)
    return [
        *handshake.cases(precision),
        *tokenizer.cases(seed),
        *autograd.cases(seed),
        *layers.cases(seed),
        *model.forward_cases(situations),
        *model.backward_cases(situations),
        *training.adam_cases(situations),
        *training.train_cases(situations),
        *trajectory.trajectory_cases(situations),
        *generator.cases(seed),
        *sampling.sample_cases(situations),
        *program.replicate_cases(seed, precision),
    ]


def long_cases(seed: int, precision: Precision) -> list[Case]:
    """The golden trajectory: a thousand steps, run freely, and recorded in full.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
    """
    situations = Situations.of(load_trace(), seed, precision)
    return [*training.long_cases(situations), *trajectory.long_trajectory_cases(situations)]


def select(cases: Iterable[Case], patterns: Sequence[str]) -> list[Case]:
    """The cases whose slug, level or slug pattern (`backward/*`) is among `patterns`."""
    return [
        case
        for case in cases
        if not patterns
        or any(fnmatchcase(case.slug, p) or case.slug.startswith(f"{p}/") for p in patterns)
    ]
