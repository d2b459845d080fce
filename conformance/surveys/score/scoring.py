"""Scoring a known mistake: it is run as a faulty port, to be caught by a case and then named."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct

from conformance.anatomy.levels import Level
from conformance.asking.case_result import Finished
from conformance.asking.engine import Engine
from conformance.cases import all_cases, select
from conformance.cases.case import Case
from conformance.explanation.fitting import may_show
from conformance.explanation.judged_cases import JudgedCases
from conformance.explanation.naming import MistakeSearch
from conformance.judging.outcome import Outcome
from conformance.mistakes import MISTAKES
from golden.budgets import Precision
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.manifest import Port
from ports_adapter.messages import InitializeResult
from ports_adapter.port_toml import Timeouts

SEED = 1
Given = TypeVar("Given")

ROOT = Path(__file__).parents[3]

QUICK = (
    "tokenizer", "autograd", "layers",
    "forward/cold-step-1", "forward/warm-step-*", "forward/fresh-1", "forward/one-letter",
    "backward/cold-step-1", "backward/warm-step-*", "backward/fresh-1", "backward/one-letter",
    "adam", "train/*-start", "train/document-index-wraps", "random", "sample",
)  # fmt: skip
"""Quick cases of every level. If they catch nothing, all cases are asked."""

SECONDS_TO_REFUTE = 2.0
"""How long a name is checked against further cases."""

Verdict = Literal["named", "among twins", "among others", "not named", "misnamed"]
"""Named alone; with its declared twins; with other mistakes; not at all; only others named."""


class Scored(Struct, frozen=True):
    """The score of a mistake in a precision.

    `level` and `case` caught it first. `names` are the mistakes that the suite named, best first;
    `seconds_to_name` is how long that took.
    """

    slug: str
    precision: Precision
    caught: bool
    level: str
    case: str
    failed: int
    asked: int
    names: list[list[str]]
    seconds_to_name: float

    @property
    def naming(self) -> Verdict:
        """Whether it was named rightly."""
        return naming_of(self.slug, self.names)


def is_one(slug: str, precision: Precision) -> bool:
    """Whether a mistake is one in this precision."""
    return precision == "float64" or not MISTAKES[slug].only_in_double


def faulty_port(slugs: tuple[str, ...], precision: Precision) -> Port:
    """A port that is the canonical program with these mistakes or honest variants."""
    options = ("--float32",) if precision == "float32" else ()
    return Port(
        folder=ROOT,
        name=" ".join(slugs) or "the oracle",
        language="Python",
        run=(sys.executable, "-m", "conformance.mistakes.patched_port", *slugs, *options),
        label="oracle",
        precision=precision,
        timeouts=Timeouts(start=30.0, message=60.0),
        sandbox=Sandbox.NEVER,  # part of the suite: it keeps tapes in the user's cache
    )


def score(slug: str, precision: Precision) -> Scored:
    """Run a mistake as a port, and try to name it from the answers."""
    finished, judged = _asked(slug, precision, QUICK)
    if not _failed(finished):
        finished, judged = _asked(slug, precision, ())
    failed = _failed(finished)
    started = time.monotonic()
    names: list[list[str]] = []
    if finished.offer and failed:
        naming = MistakeSearch(
            judged,
            finished.offer,
            seconds_to_refute=SECONDS_TO_REFUTE,
            sound=frozenset(Level) - shown_in(slug),
        )
        names = [[mistake.slug for mistake in found] for found, _ in naming.names()]
    return Scored(
        slug=slug,
        precision=precision,
        caught=bool(failed),
        level=failed[0].partition("/")[0] if failed else "",
        case=failed[0] if failed else "",
        failed=len(failed),
        asked=len(finished.results),
        names=names,
        seconds_to_name=round(time.monotonic() - started, 2),
    )


def _asked(
    slug: str, precision: Precision, patterns: tuple[str, ...]
) -> tuple[Finished, JudgedCases]:
    """Ask the cases of the levels that can show the mistake; all others pass."""
    judged = JudgedCases()
    cases = [case for case in _cases(precision, patterns) if case.level in shown_in(slug)]
    return Engine(faulty_port((slug,), precision), judged).run(cases), judged


def shown_in(slug: str) -> set[Level]:
    """The levels that can show a mistake."""
    return {level for level in Level if may_show(MISTAKES[slug], level)}


@cache
def _cases(precision: Precision, patterns: tuple[str, ...]) -> list[Case]:
    """Cases whose questions and answers are computed once."""
    return [
        replace(case, answer=_once(case.answer), question=_once(case.question))
        for case in select(all_cases(SEED, precision), patterns)
    ]


def _once(function: Callable[[InitializeResult], Given]) -> Callable[[InitializeResult], Given]:
    """The function with its first value kept: all ports here offer the same."""
    found: list[Given] = []

    def first(offer: InitializeResult) -> Given:
        if not found:
            found.append(function(offer))
        return found[0]

    return first


def _failed(finished: Finished) -> list[str]:
    return [
        result.case.slug
        for result in finished.results
        if result.outcome.is_failure and result.outcome is not Outcome.NOT_RUN
    ]


def naming_of(slug: str, names: list[list[str]]) -> Verdict:
    """Whether a mistake was named rightly: alone, or with its declared twins."""
    if not names:
        return "not named"
    if [slug] not in names:
        return "misnamed"
    if len(names) == 1:
        return "named"
    twins = MISTAKES[slug].twins
    others = [found for found in names if found != [slug]]
    declared = all(len(found) == 1 and found[0] in twins for found in others)
    return "among twins" if declared else "among others"
