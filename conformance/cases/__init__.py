"""All cases about a program, level by level, in the order in which people write a port."""

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

OF_NO_MODEL = (Level.PROTOCOL, Level.TOKENIZER, Level.AUTOGRAD, Level.LAYERS, Level.RANDOM)
"""Levels whose cases need neither the model nor its golden trace."""


def all_cases(
    seed: int,
    precision: Precision,
    judged_program: JudgedProgram = PUBLISHED,
    levels: Collection[Level] = tuple(Level),
) -> list[Case]:
    """The cases of these levels, but for the last one of all, `handshake.shutdown_case`.

    They remember their answers, for runs of several ports in one process.

    Args:
        seed: the fresh cases are drawn from it.
        precision: the precision that the port's manifest declares.
        judged_program: the program that the cases are about.
        levels: the levels of interest.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
    """
    return [
        case
        for level in Level
        if level in levels
        for case in _of_level(level, judged_program, seed, precision)
    ]


@lru_cache(maxsize=4 * len(Level))
def _of_level(
    level: Level, judged_program: JudgedProgram, seed: int, precision: Precision
) -> tuple[Case, ...]:
    if level in OF_NO_MODEL:
        cases = _about_no_model(level, judged_program, seed, precision)
    elif judged_program.config.gradient == "none":
        cases = _about_counts(level, judged_program, seed, precision)
    else:
        cases = _about_a_model(level, judged_program, seed, precision)
    return tuple(
        about(judged_program, case).remembering(judged_program.config)
        for case in cases
        if level is Level.PROTOCOL or case.method in judged_program.methods
    )


def _about_a_model(
    level: Level, judged_program: JudgedProgram, seed: int, precision: Precision
) -> Iterable[Case]:
    situations = _situations(judged_program, seed, precision)
    optimizer = judged_program.config.optimizer
    match level:
        case Level.FORWARD:
            return map(model.forward_case, situations.all)
        case Level.BACKWARD:
            return map(model.backward_case, situations.all)
        case Level.SGD | Level.ADAM:
            return updates.update_cases(situations) if level == optimizer else ()
        case Level.TRAIN:
            recorded = trajectory.trajectory_cases(situations) if optimizer == "adam" else ()
            return [*training.train_cases(situations), *recorded]
        case Level.SAMPLE:
            return sampling.sample_cases(situations)
        case Level.REPLICATE:
            return program.replicate_cases(judged_program, seed, precision)
        case _:
            return ()


def _about_counts(
    level: Level, judged_program: JudgedProgram, seed: int, precision: Precision
) -> Iterable[Case]:
    match level:
        case Level.TRAIN:
            return counting.train_cases(judged_program.trace, seed)
        case Level.SAMPLE:
            return counting.sample_cases(judged_program.trace, seed, precision)
        case Level.REPLICATE:
            return counting.replicate_cases(judged_program, seed, precision)
        case _:
            return ()


def _about_no_model(
    level: Level, judged_program: JudgedProgram, seed: int, precision: Precision
) -> Iterable[Case]:
    match level:
        case Level.PROTOCOL:
            return handshake.cases(precision)
        case Level.TOKENIZER:
            return tokenizer.cases(seed, judged_program.name)
        case Level.AUTOGRAD:
            return autograd.cases(seed)
        case Level.LAYERS:
            return layers.cases(seed, judged_program.config.activation)
        case Level.RANDOM:
            return generator.cases(seed)
        case _:
            return ()


@lru_cache(maxsize=4)
def _situations(judged_program: JudgedProgram, seed: int, precision: Precision) -> Situations:
    return Situations.of(judged_program, seed, precision)


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
