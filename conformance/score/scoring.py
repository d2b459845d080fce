"""The suite's own score: every known mistake as a faulty port, is it caught, is it named."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Literal

from msgspec import Struct

from golden.budgets import Precision
from ports_adapter.manifest import Port, Timeouts

from ..cases import all_cases, select
from ..catalogue import MISTAKES
from ..engine import Engine, Finished
from ..explanation.gathering import Gathered
from ..explanation.naming import explained
from ..outcome import Outcome

SEED = 1
ROOT = Path(__file__).parent.parent.parent

QUICK = (
    "tokenizer", "autograd", "layers", "forward/*step-1", "forward/fresh-1", "forward/one-letter",
    "forward/beyond-block-size", "forward/large-weights", "forward/two-*", "backward/*step-1",
    "backward/fresh-1", "backward/one-letter", "backward/large-weights", "adam", "train/*start",
    "train/fresh", "train/document-index-wraps", "random", "sample",
)  # fmt: skip
"""Cases of every level, the slow ones left out; where they catch nothing, all cases are asked."""

Naming = Literal["named", "among twins", "among others", "not named", "misnamed"]
"""Alone; with declared twins; with others that are no twins; not at all; only as something else."""


class Scored(Struct, frozen=True):
    """What became of a mistake.

    `level` and `case` caught it first; `names` are what was said, best first; `seconds_to_name`
    how long that took.
    """

    slug: str
    precision: Precision
    caught: bool
    level: str
    case: str
    failed: int
    asked: int
    naming: Naming
    names: list[list[str]]
    seconds_to_name: float


def faulty_port(slugs: tuple[str, ...], precision: Precision) -> Port:
    """The canonical program with mistakes, or as an honest variant, behind the protocol."""
    options = ("--float32",) if precision == "float32" else ()
    return Port(
        folder=ROOT,
        name=" ".join(slugs) or "the oracle",
        language="Python",
        run=(sys.executable, "-m", "conformance.catalogue.port", *slugs, *options),
        label="oracle",
        precision=precision,
        timeouts=Timeouts(start=30.0, message=60.0),
    )


def score(slug: str, precision: Precision) -> Scored:
    """Run a mistake through the protocol, and have it named."""
    finished, gathered = _asked(slug, precision, QUICK)
    if not _failed(finished):
        finished, gathered = _asked(slug, precision, ())
    failed = _failed(finished)
    started = time.monotonic()
    offer = finished.offer
    names = [found.slugs for found in explained(gathered, offer)] if offer and failed else []
    return Scored(
        slug=slug,
        precision=precision,
        caught=bool(failed),
        level=failed[0].partition("/")[0] if failed else "",
        case=failed[0] if failed else "",
        failed=len(failed),
        asked=len(finished.results),
        naming=naming_of(slug, names),
        names=names,
        seconds_to_name=round(time.monotonic() - started, 2),
    )


def _asked(slug: str, precision: Precision, patterns: tuple[str, ...]) -> tuple[Finished, Gathered]:
    gathered = Gathered()
    cases = select(all_cases(SEED, precision), patterns)
    port = faulty_port((slug,) if slug else (), precision)
    return Engine(port, gathered).run(cases), gathered


def _failed(finished: Finished) -> list[str]:
    return [
        result.case.slug
        for result in finished.results
        if result.outcome.is_failure and result.outcome is not Outcome.NOT_RUN
    ]


def naming_of(slug: str, names: list[list[str]]) -> Naming:
    """Whether a mistake was named rightly: alone, or with twins of its own."""
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
