"""The result of asking a port one case: its outcome, its numbers, what went over the wire."""

from dataclasses import dataclass
from typing import Any

from conformance.cases.case import Case
from conformance.judging.divergence import Comparison, Divergence
from conformance.judging.outcome import Outcome
from conformance.oracle.answer import Answer, Refusal
from ports_adapter.failures import (
    PortCrashed,
    PortError,
    PortFailure,
    PortTimedOut,
    ProtocolViolated,
    WrongAnswer,
)
from ports_adapter.messages import InitializeResult
from ports_adapter.quoting import printable

OUTCOME_OF: dict[type[PortFailure], Outcome] = {
    PortError: Outcome.ERROR,
    PortCrashed: Outcome.CRASH,
    PortTimedOut: Outcome.TIMEOUT,
    ProtocolViolated: Outcome.VIOLATION,
    WrongAnswer: Outcome.VIOLATION,
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and the port's decoded answer to it.

    `expected` is the right answer by JSON Pointer; `offer` is what the port offered. `at` is
    where a report has the answer: the JSON Pointer of a step in a trace, otherwise empty.
    """

    params: Any
    expected: Answer
    got: Any
    offer: InitializeResult
    at: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """How a case ended.

    `seconds` is how long the port took, `log` what it had written to standard error when the
    case failed. `exchange` is set only where a whole answer was compared. Listeners of the
    engine may keep it; the engine itself does not, since a run may have any number of cases.
    """

    case: Case
    outcome: Outcome
    detail: str = ""
    seconds: float = 0.0
    comparison: Comparison | None = None
    log: bytes = b""
    exchange: Exchange | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether there is something to explain: wrong numbers, an error or a crash."""
        return self.outcome in (Outcome.MISMATCH, Outcome.ERROR, Outcome.CRASH)


@dataclass(frozen=True, slots=True)
class Finished:
    """All results of a run, in order, and what the port offered."""

    results: tuple[Result, ...]
    offer: InitializeResult | None
    was_interrupted: bool


def compared(case: Case, comparison: Comparison, seconds: float) -> Result:
    """The result of a case whose answer was compared: a pass or a mismatch."""
    if not comparison.divergences:
        return Result(case, Outcome.PASS, "", seconds, comparison)
    detail = sentence_of(comparison.divergences[0])
    if comparison.extent:
        detail += f"; {comparison.extent}"
    return Result(case, Outcome.MISMATCH, detail, seconds, comparison)


def sentence_of(divergence: Divergence) -> str:
    """One sentence that says which part of an answer is wrong."""
    at = printable(divergence.pointer, 200)
    return f"{at}: expected {divergence.expected}, got {divergence.got}"


def refused(case: Case, expected: Refusal, failure: PortError, seconds: float) -> Result:
    """The result of a case that had to be refused, and was."""
    if failure.code == expected.code:
        return Result(case, Outcome.PASS, "", seconds)
    detail = f"refused with error {failure.code}; expected error {expected.code}"
    return Result(case, Outcome.MISMATCH, detail, seconds)


def failed(case: Case, failure: PortFailure, seconds: float = 0.0) -> Result:
    """The result of a case that the port did not answer, or not by the protocol."""
    return Result(case, OUTCOME_OF[type(failure)], str(failure), seconds)


def suite_fault(case: Case, error: Exception) -> Result:
    """The result of a case in which the suite itself raised an error."""
    return Result(case, Outcome.SUITE_FAULT, f"{type(error).__name__}: {error}")
