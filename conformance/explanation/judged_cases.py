"""What a run leaves for its explanation: every answer that was compared, and what failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from conformance.anatomy.levels import Level, upstream
from conformance.asking.case_result import Exchange, Result
from conformance.cases.case import Case
from conformance.judging.divergence import Comparison
from conformance.judging.outcome import Outcome
from conformance.judging.report import CaseReport
from ports_adapter.messages import InitializeResult

ENDED_IN_FAILURE = (Outcome.ERROR, Outcome.CRASH)
"""Outcomes of a question that was put rightly, and not answered."""


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """One case as far as it can be explained.

    `exchange` is None where the port did not answer.
    """

    case: Case
    outcome: Outcome
    exchange: Exchange | None
    comparison: Comparison | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether there are wrong numbers to explain, or a question that the port died of."""
        return self.outcome is Outcome.MISMATCH or self.outcome in ENDED_IN_FAILURE


@dataclass
class JudgedCases:
    """Takes the results of a run as they come."""

    by_slug: dict[str, JudgedCase] = field(default_factory=dict)

    def __call__(self, result: Result) -> None:
        """Keep what a result has to explain."""
        self.by_slug[result.case.slug] = JudgedCase(
            result.case, result.outcome, result.exchange, result.comparison
        )

    def leave_out(self, cases: Iterable[CaseReport]) -> None:
        """Forget cases that are not to be explained."""
        for case in cases:
            self.by_slug.pop(case.slug, None)

    @property
    def offer(self) -> InitializeResult | None:
        """What the port said of itself, if it ever answered."""
        exchanges = (judged.exchange for judged in self.by_slug.values())
        return next((exchange.offer for exchange in exchanges if exchange), None)

    @property
    def wrong(self) -> list[JudgedCase]:
        """The cases with something to explain, in order."""
        return [judged for judged in self.by_slug.values() if judged.is_wrong]

    @property
    def right(self) -> list[JudgedCase]:
        """The cases that passed by their numbers."""
        return [
            judged
            for judged in self.by_slug.values()
            if judged.outcome is Outcome.PASS and judged.exchange is not None
        ]

    @property
    def roots(self) -> list[Level]:
        """The levels that fail though none that they build on does, in order."""
        failed = {
            judged.case.level for judged in self.by_slug.values() if judged.outcome.is_failure
        }
        return [level for level in Level if level in failed and not upstream(level) & failed]


def question_of(judged: JudgedCase, offer: InitializeResult) -> Any:
    """The parameters that a case was asked with."""
    return judged.exchange.params if judged.exchange else judged.case.question(offer)
