"""Collects what a trace shows about a case: how near its numbers are, the first wrong step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.asking.case_result import Exchange, Result, compared, failed
from conformance.cases.case import Case, Params
from conformance.judging.compare import compare, in_budgets
from conformance.judging.divergence import Comparison, Divergence
from conformance.judging.outcome import Outcome
from conformance.oracle.answer import Answer, Numbers
from golden.budgets import Precision
from golden.numbers import Array, ulps
from ports_adapter.failures import PortFailure
from ports_adapter.messages import InitializeResult, Message

Question = Callable[[], Message] | None
"""Gives the question that a step answers, for the search of known mistakes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a step: its JSON Pointer within the step, and its numbers, flat.

    Attributes:
        pointer: where it is in the step.
        shape: its shape; empty for a single number.
        right: the right numbers.
        budgets: how far the program's may lie from them.
        got: the program's.
    """

    pointer: str
    shape: tuple[int, ...]
    right: Array
    budgets: Array
    got: Array


@dataclass(frozen=True, slots=True)
class StepFinding:
    """The parts of one step that a case compares; the first wrong one, or the first right one.

    `within` is the JSON Pointer of the trace among several, empty if there is one.
    """

    step: int
    parts: Sequence[Part]
    question: Question
    precision: Precision
    within: str = ""

    @property
    def at(self) -> str:
        """The JSON Pointer of the step in the trace."""
        return f"{self.within}/steps/{self.step}"

    @property
    def expected(self) -> Answer:
        """The right answer to the step's question, by JSON Pointer."""
        return {
            part.pointer: Numbers(part.right.reshape(part.shape).tolist(), _shaped(part))
            for part in self.parts
        }

    @property
    def got(self) -> dict[str, Any]:
        """The program's numbers, nested as an answer to the question is."""
        answer: dict[str, Any] = {}
        for part in self.parts:
            _, *above, name = part.pointer.split("/")
            inside = answer
            for token in above:
                inside = inside.setdefault(token, {})
            inside[name] = part.got.reshape(part.shape).tolist()
        return answer

    def divergences(self) -> tuple[Divergence, ...]:
        """The wrong parts of the step, by their places in the trace."""
        found = compare(self.expected, self.got, "float64")  # the numbers are as carried already
        return tuple(
            replace(
                d,
                part=self.at + d.part,
                pointer=self.at + d.pointer,
                first=d.first and self.at + d.first,
            )
            for d in found.divergences
        )


def worst_of(parts: Sequence[Part]) -> float:
    """The largest error of some parts, in budgets; infinite if a number is not finite."""
    ratios = (in_budgets(part.right, part.got, part.budgets) for part in parts)
    return max((float(ratio.max(initial=0.0)) for ratio in ratios), default=0.0)


def _shaped(part: Part) -> Any:
    return part.budgets.reshape(part.shape) if part.shape else float(part.budgets[0])


@dataclass
class TracedCase:
    """One case of a trace, over all steps that show it."""

    slug: str
    about: str
    method: str
    steps: int = 0
    wrong: int = 0
    values: int = 0
    identical: int = 0
    ulps: float = 0.0
    worst: float = 0.0
    worst_at: str = ""
    detail: str = ""
    first_wrong: StepFinding | None = None
    first_right: StepFinding | None = None
    failure: PortFailure | None = None
    log: bytes = b""

    def add(self, other: "TracedCase", within: str) -> None:
        """Take what another trace shows about the case; `within` is the trace's JSON Pointer."""
        self.steps += other.steps
        self.wrong += other.wrong
        self.values += other.values
        self.identical += other.identical
        self.ulps = max(self.ulps, other.ulps)
        if other.worst > self.worst:
            self.worst, self.worst_at = other.worst, within + other.worst_at
        if other.detail and not self.detail:
            self.detail = within + other.detail
        if other.first_wrong and not self.first_wrong:
            self.first_wrong = replace(other.first_wrong, within=within)
        if other.first_right and not self.first_right:
            self.first_right = replace(other.first_right, within=within)

    def take(self, finding: StepFinding) -> bool:
        """Compare the parts of another step; gives whether they are right."""
        self.steps += 1
        is_right = True
        for part in finding.parts:
            is_right &= self._measure(part, finding.at)
        if not is_right:
            self.wrong += 1
            self.first_wrong = self.first_wrong or finding
        elif self.first_right is None:
            self.first_right = finding
        return is_right

    def take_words(self, at: str, wrong: str) -> None:
        """Take a part that was judged in words; `wrong` is empty if it is right."""
        self.steps += 1
        if wrong:
            self.wrong += 1
            self.detail = self.detail or f"{at}: {wrong}"

    def take_losses(self, parts: Sequence[Part]) -> None:
        """Compare the losses of a run, up to the first wrong one: later ones follow from it."""
        for step, part in enumerate(parts):
            if not self.take(StepFinding(step, [part], None, "float64")):
                return

    def _measure(self, part: Part, at: str) -> bool:
        self.values += part.right.size
        differing = np.flatnonzero(part.right != part.got)
        self.identical += part.right.size - differing.size
        if not differing.size:
            return True
        right, got = part.right[differing], part.got[differing]
        ratios = in_budgets(right, got, part.budgets[differing])
        apart = ulps(right, got)
        self.identical += int((apart == 0).sum())
        self.ulps = max(self.ulps, float(apart.max()))
        worst = int(ratios.argmax())
        if ratios[worst] > self.worst:
            index = np.unravel_index(int(differing[worst]), part.shape) if part.shape else ()
            self.worst = float(ratios[worst])
            self.worst_at = at + part.pointer + "".join(f"/{i}" for i in index)
        return bool(ratios[worst] <= 1)

    def result(self, offer: InitializeResult | None = None) -> Result:
        """The case as it ended; with an `offer`, also the step that shows it as an exchange."""
        finding = self.first_wrong or self.first_right
        asked: Params = finding.question() if finding and finding.question else {}
        case = Case.fixed(self.slug, self.about, self.method, asked, lambda _precision: {})
        if self.failure is not None:
            return replace(failed(case, self.failure), log=self.log)
        if not self.steps:
            return Result(case, Outcome.NOT_OFFERED, "the trace does not show it")
        if self.first_wrong is None:
            outcome = Outcome.MISMATCH if self.wrong else Outcome.PASS
            result = Result(case, outcome, self.detail, 0.0, self._comparison(()))
        else:
            result = compared(case, self._comparison(self.first_wrong.divergences()), 0.0)
        if finding is None or finding.question is None or offer is None:
            return result
        exchange = Exchange(asked, finding.expected, finding.got, offer, finding.at)
        return replace(result, exchange=exchange)

    def _comparison(self, divergences: tuple[Divergence, ...]) -> Comparison:
        extent = f"{self.wrong} of {self.steps} steps wrong" if self.wrong else ""
        return Comparison(
            divergences, self.worst, self.worst_at, self.values, self.identical, self.ulps, extent
        )
