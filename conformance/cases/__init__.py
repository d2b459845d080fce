"""Every case, level by level in the order in which a port is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from golden.budgets import Precision
from golden.goldens import load_trace
from reference.corpus import Corpus

from ..case import Case
from . import (
    autograd,
    generator,
    handshake,
    layers,
    model,
    program,
    tokenizer,
    training,
    trajectory,
)
from .situations import Situations


def all_cases(seed: int, precision: Precision, names: Corpus | None = None) -> list[Case]:
    """Every case but the last, `handshake.shutdown_case`.

    Args:
        seed: what the fresh ones are drawn from.
        precision: what the port's manifest declares.
        names: names.txt, to ask for the published run too.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
    """
    situations = Situations.of(load_trace(), seed)
    return [
        *handshake.cases(precision),
        *tokenizer.cases(),
        *autograd.cases(seed),
        *layers.cases(seed),
        *model.forward_cases(situations),
        *model.backward_cases(situations),
        *training.adam_cases(situations),
        *training.train_cases(situations),
        *trajectory.trajectory_cases(situations),
        *generator.cases(),
        *program.sample_cases(situations),
        *program.replicate_cases(),
        *([] if names is None else [program.published_case(names)]),
    ]


def select(cases: Iterable[Case], patterns: Sequence[str]) -> list[Case]:
    """The cases whose slug, level or slug pattern (`backward/*`) is among `patterns`."""
    return [
        case
        for case in cases
        if not patterns
        or any(fnmatchcase(case.slug, p) or case.slug.startswith(f"{p}/") for p in patterns)
    ]
