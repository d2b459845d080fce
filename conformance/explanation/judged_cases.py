"""The cases of a run with their answers, as far as an explanation needs them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from conformance.anatomy.levels import METHODS, Level, upstream
from conformance.anatomy.nested_numbers import flat, shape_of
from conformance.asking.case_result import Exchange, Result
from conformance.judging.compare import budgets_of, resolve
from conformance.judging.outcome import Outcome
from conformance.judging.report import CaseReport
from conformance.oracle.answer import Numbers
from golden.numbers import Array
from ports_adapter.messages import InitializeResult


@dataclass
class JudgedCases:
    """Collects the results of a run, by slug."""

    by_slug: dict[str, Result] = field(default_factory=dict)

    def __call__(self, result: Result) -> None:
        """Add a result."""
        self.by_slug[result.case.slug] = result

    def leave_out(self, cases: Iterable[CaseReport]) -> None:
        """Remove cases that need no explanation."""
        for case in cases:
            self.by_slug.pop(case.slug, None)

    @property
    def offer(self) -> InitializeResult | None:
        """The port's answer to `initialize`, or None if it never answered."""
        exchanges = (judged.exchange for judged in self.by_slug.values())
        return next((exchange.offer for exchange in exchanges if exchange), None)

    @property
    def wrong(self) -> list[Result]:
        """The cases to explain, in order."""
        return [judged for judged in self.by_slug.values() if judged.is_wrong]

    @property
    def right(self) -> list[Result]:
        """The cases whose numbers passed."""
        return [
            judged
            for judged in self.by_slug.values()
            if judged.outcome is Outcome.PASS and judged.exchange is not None
        ]

    @property
    def roots(self) -> list[Level]:
        """The failing levels that depend on no other failing level, in order."""
        failed = {
            judged.case.level for judged in self.by_slug.values() if judged.outcome.is_failure
        }
        return [level for level in Level if level in failed and not upstream(level) & failed]


Tensor = tuple[Any, Array, Array, Array]
"""The expected nested lists; then the expected numbers, the port's and the budgets, all flat."""


def tensor_at(exchange: Exchange, pointer: str) -> Tensor | None:
    """A computed part of an answer, or None if its shape is wrong or it is compared exactly."""
    part, got = exchange.expected.get(pointer), resolve(exchange.got, pointer)
    if not isinstance(part, Numbers) or shape_of(got) != shape_of(part.value):
        return None
    right = flat(part.value)
    return part.value, right, flat(got), budgets_of(part, right)


def asked_level(judged: Result) -> Level:
    """The level whose cases ask the same question; a trace answers it for another level, too."""
    levels = (level for level, names in METHODS.items() if judged.case.method in names)
    return next(levels, judged.case.level)


def question_of(judged: Result, offer: InitializeResult) -> Any:
    """The parameters of a case's question."""
    return judged.exchange.params if judged.exchange else judged.case.question(offer)
