"""Selects the cases that a run asks."""

import difflib
from collections.abc import Sequence
from functools import lru_cache

from conformance.anatomy.judged_program import JudgedProgram
from conformance.judging.outcome import ExitCode
from golden.budgets import Precision
from reference.corpus import NAMES_SHA256, Corpus, UnreadableCorpus, read_corpus
from reference.data import NAMES_VARIABLE, names_path

from . import all_cases, levels_of, long_cases, select
from .by_level.handshake import shutdown_case
from .by_level.program import PUBLISHED_RUN, published_case
from .case import Case
from .request import Request, Unusable


def selection(request: Request, seed: int, precision: Precision) -> list[Case]:
    """The requested cases; if the port's goodbye is among them, it is the last.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
        Unusable: no case matches, or names.txt is not there.
    """
    judged_program = request.judged_program
    known = all_cases(seed, precision, judged_program, levels_of(request.patterns))
    if request.long:
        known += long_cases(seed, precision, judged_program)
    if request.names:
        known.append(published_case(published_names(), judged_program))
    selected = select([*known, shutdown_case()], request.patterns)
    if not selected:
        known = all_cases(seed, precision, judged_program)
        raise Unusable(_no_case(request.patterns, known), ExitCode.USAGE)
    return selected


@lru_cache(maxsize=4)
def known_slugs(judged_program: JudgedProgram, precision: Precision) -> frozenset[str]:
    """The slugs of all cases about a program, with any option.

    Raises:
        UnreadableGolden: the golden trace is missing or damaged.
    """
    known = [*all_cases(0, precision, judged_program), *long_cases(0, precision, judged_program)]
    return frozenset(case.slug for case in known) | {shutdown_case().slug, PUBLISHED_RUN}


def case_named(slug: str, known: Sequence[Case]) -> Case:
    """The case with this slug.

    Raises:
        Unusable: there is none.
    """
    for case in known:
        if case.slug == slug:
            return case
    raise Unusable(_no_case([slug], known), ExitCode.USAGE)


def _no_case(patterns: Sequence[str], known: Sequence[Case]) -> str:
    near = difflib.get_close_matches(patterns[0], [case.slug for case in known], n=3, cutoff=0.4)
    hint = f"; near are {', '.join(near)}" if near else ""
    return (
        f"no case matches {' '.join(patterns)}{hint}. `python -m conformance cases` lists them all."
    )


def published_names() -> Corpus:
    """The published names.txt.

    Raises:
        Unusable: the file is missing, cannot be read, or is not the published one.
    """
    path = names_path()
    if path is None:
        raise Unusable(
            f"--names needs names.txt: run `make data`, or set {NAMES_VARIABLE} to its path",
            ExitCode.USAGE,
        )
    try:
        corpus = read_corpus(path)
    except UnreadableCorpus as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    if corpus.sha256 != NAMES_SHA256:
        raise Unusable(
            f"{path} is not the published names.txt: its SHA-256 is {corpus.sha256}", ExitCode.USAGE
        )
    return corpus
