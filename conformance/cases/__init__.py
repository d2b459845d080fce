"""All cases about a program, level by level, in the order in which people write a port."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache

from conformance.anatomy.judged_program import PUBLISHED, JudgedProgram
from conformance.anatomy.levels import Level
from golden.budgets import Precision

from .by_level import (
    autograd,
    counting,
    generator,
    handshake,
    layers,
    model,
    program,
    sampling,
    tokenizer,
    training,
    trajectory,
    updates,
)
from .case import Case
from .offer import PROFILED
from .situations import Situations

OF_NO_MODEL = {Level.PROTOCOL, Level.TOKENIZER, Level.AUTOGRAD, Level.LAYERS}
"""Levels whose cases are built without running the model."""


def all_cases(
    seed: int,
    precision: Precision,
    judged_program: JudgedProgram = PUBLISHED,
    levels: Collection[Level] = tuple(Level),
) -> list[Case]:
    """All cases but the last one, `handshake.shutdown_case`.

    Args:
        seed: the fresh cases are drawn from it.
        precision: the precision that the port's manifest declares.
        judged_program: the program that the cases are about.
        levels: the levels of interest; cases of other levels may be missing.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
    """
    is_of_model = not OF_NO_MODEL.issuperset(levels)
    return list(_made(seed, precision, judged_program, is_of_model))


@lru_cache(maxsize=4)
def _made(
    seed: int, precision: Precision, judged_program: JudgedProgram, is_of_model: bool
) -> tuple[Case, ...]:
    """Cases that remember their answers, for runs of several ports in one process."""
    cases = [
        *handshake.cases(precision),
        *tokenizer.cases(seed, judged_program.name),
        *autograd.cases(seed),
        *layers.cases(seed, judged_program.config.activation),
        *(_of_the_model(judged_program, seed, precision) if is_of_model else ()),
    ]
    order = list(Level)
    cases.sort(key=lambda case: order.index(case.level))
    return tuple(
        about(judged_program, case).remembering()
        for case in cases
        if case.level is Level.PROTOCOL or case.method in judged_program.methods
    )


def _of_the_model(judged_program: JudgedProgram, seed: int, precision: Precision) -> list[Case]:
    if judged_program.config.gradient == "none":
        return [*counting.counting_cases(judged_program, seed, precision), *generator.cases(seed)]
    situations = Situations.of(judged_program, seed, precision)
    return [
        *map(model.forward_case, situations.all),
        *map(model.backward_case, situations.all),
        *updates.update_cases(situations),
        *training.train_cases(situations),
        *(
            trajectory.trajectory_cases(situations)
            if judged_program.config.optimizer == "adam"
            else ()
        ),
        *generator.cases(seed),
        *sampling.sample_cases(situations),
        *program.replicate_cases(judged_program, seed, precision),
    ]


def long_cases(
    seed: int, precision: Precision, judged_program: JudgedProgram = PUBLISHED
) -> list[Case]:
    """The cases of the whole golden trajectory: its losses in free runs, and full records.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
    """
    if judged_program.config.gradient == "none":
        return []
    situations = Situations.of(judged_program, seed, precision)
    cases = training.long_cases(situations)
    if judged_program.config.optimizer == "adam":
        cases += trajectory.long_trajectory_cases(situations)
    return [about(judged_program, case) for case in cases]


def about(judged_program: JudgedProgram, case: Case) -> Case:
    """The case as one of this program, which only ports that offer the program are asked."""
    is_profiled = case.level in PROFILED
    return replace(
        case,
        profile=judged_program.name,
        other_sizes=case.other_sizes or (is_profiled and judged_program.has_other_sizes),
        activation=judged_program.activation if is_profiled or case.method == "mlp" else "",
    )


def select(cases: Iterable[Case], patterns: Sequence[str]) -> list[Case]:
    """The cases that match one of the patterns: a slug, a level, or a pattern such as `backward/*`.

    Without patterns these are all cases.
    """
    return [
        case
        for case in cases
        if not patterns
        or any(fnmatchcase(case.slug, p) or case.slug.startswith(f"{p}/") for p in patterns)
    ]


def levels_of(patterns: Sequence[str]) -> tuple[Level, ...]:
    """The levels that may have a case that matches one of the patterns."""
    heads = [pattern.partition("/")[0] for pattern in patterns]
    return tuple(lv for lv in Level if not heads or any(fnmatchcase(lv, h) for h in heads))
