"""Running cases against a port: ask, compare, restart what died, keep what is finished."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import structs

from conformance.cases.by_level.handshake import introduction, shutdown_case
from conformance.cases.case import Case
from conformance.cases.offer import doubtful_offer, not_offered
from conformance.judging.compare import compare
from conformance.judging.divergence import Comparison, Divergence
from conformance.judging.outcome import Outcome
from conformance.judging.stream_judge import StreamJudge
from conformance.oracle.answer import Answer, Refusal
from ports_adapter.client import Client, Source
from ports_adapter.failures import (
    NotStarted,
    PortCrashed,
    PortError,
    PortFailure,
    PortTimedOut,
    ProtocolViolated,
    WrongAnswer,
)
from ports_adapter.manifest import Port
from ports_adapter.messages import (
    METHODS,
    InitializeResult,
    Message,
    Precision,
    ReplicateParams,
    StepParams,
    TrainParams,
)
from ports_adapter.quoting import printable
from ports_adapter.transcript.events import Unreplayable
from reference.training import collector_paused

DEATHS = 5
TIMEOUTS = 2
SECONDS_TO_EXIT = 5.0

STREAMED = ("train", "replicate")

OUTCOME_OF: dict[type[PortFailure], Outcome] = {
    PortError: Outcome.ERROR,
    PortCrashed: Outcome.CRASH,
    PortTimedOut: Outcome.TIMEOUT,
    ProtocolViolated: Outcome.VIOLATION,
    WrongAnswer: Outcome.VIOLATION,
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked, what is right, by JSON Pointer, and what the port answered, decoded.

    `offer` is what the port had said of itself.
    """

    params: Any
    expected: Answer
    got: Any
    offer: InitializeResult


@dataclass(frozen=True, slots=True)
class Result:
    """How a case ended; `seconds` is how long the port took, `log` what it had logged by then.

    The `exchange` is known where an answer was compared as a whole. Whoever is told of results
    has it and may keep it; the engine does not, since a run may have any number of cases.
    """

    case: Case
    outcome: Outcome
    detail: str = ""
    seconds: float = 0.0
    comparison: Comparison | None = None
    log: bytes = b""
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """All results of a run, in order, and what the port said of itself."""

    results: tuple[Result, ...]
    offer: InitializeResult | None
    was_interrupted: bool


@dataclass
class _Kept:
    """Judges an answer when all of it is there, its steps kept until then."""

    expected: Any
    method: str
    precision: Precision
    steps: list[StepParams] = field(default_factory=list)

    def take(self, step: StepParams) -> None:
        self.steps.append(step)

    def whole(self, result: Message) -> dict[str, Any]:
        """The answer with its steps."""
        return structs.asdict(result) | ({"steps": self.steps} if self.method in STREAMED else {})

    def finish(self, result: Message) -> Comparison:
        return compare(self.expected, self.whole(result), self.precision)


@dataclass
class Engine:
    """Asks one port case after case.

    A port that crashes, hangs or breaks the protocol is started anew for the next case. A
    method at which it did so `DEATHS` times, or ran out of time `TIMEOUTS` times, is not
    asked again; the others are.
    """

    port: Port
    on_result: Callable[[Result], None] = lambda _result: None
    client: Client | None = None
    offer: InitializeResult | None = None
    given_up: str = ""
    failure: PortFailure | None = None
    log: bytes = b""
    deaths: Counter[str] = field(default_factory=Counter)
    timeouts: Counter[str] = field(default_factory=Counter)
    results: list[Result] = field(default_factory=list)
    source: Source = field(default_factory=Source)

    def run(self, cases: Sequence[Case], *, shut_down: bool = True) -> Finished:
        """Run the cases in order, then ask the port to exit.

        Raises:
            NotStarted: the port's command cannot be executed at all.
            Unreplayable: the source is a transcript that cannot answer.
        """
        interrupted = False
        try:
            self._start()
            for case in cases:
                self._ended(case)
            if shut_down:
                self._ended(shutdown_case())
        except KeyboardInterrupt:
            interrupted = True
            done = {result.case.slug for result in self.results}
            for case in cases:
                if case.slug not in done:
                    lacking = self.offer and not_offered(case, self.offer)
                    outcome = Outcome.NOT_OFFERED if lacking else Outcome.NOT_RUN
                    self.results.append(Result(case, outcome, lacking or "interrupted"))
        finally:
            self.close()
        return Finished(tuple(self.results), self.offer, interrupted)

    def ask(self, case: Case) -> Result:
        """Ask one case, its goodbye included, of the port, which is started if it does not run.

        Whoever does not `run` all of them keeps what is to be kept, and closes the engine in the
        end.

        Raises:
            Unreplayable: the source is a transcript that cannot answer.
        """
        result = self._ended(case)
        self.results.clear()
        return result

    def _ended(self, case: Case) -> Result:
        if self.client is None and self.offer is None and not self.given_up:
            self._restart()
        if case.slug != shutdown_case().slug:
            return self._keep(self._run(case))
        result = self._keep(self._shut_down(case))
        self.close()
        return result

    def close(self) -> None:
        """End the port, if it runs; it is started anew for the next case."""
        if self.client is not None:
            self.client.close()
            self.log = self.client.log
            self.client = None

    def _keep(self, result: Result) -> Result:
        if result.outcome.is_failure and result.outcome is not Outcome.NOT_RUN:
            if self.client is not None:
                self.log = self.client.log
            result = replace(result, log=self.log)
        self.results.append(replace(result, exchange=None))
        self.on_result(result)
        return result

    def _start(self) -> None:
        """Start the port and let it introduce itself, or give up.

        What it offered first is what it is asked, whatever it says after a restart.
        """
        self.client = self.source.client(self.port)
        try:
            offer = self.client.ask(
                "initialize", introduction(), InitializeResult, self.port.timeouts.start
            )
            self.offer = self.offer or offer
        except PortFailure as failure:
            self.given_up = f"the port did not introduce itself: {failure}"
            self.failure = failure
            self.close()

    def _run(self, case: Case) -> Result:
        """One case, with the port started anew if it has to be."""
        self.source.turn_to(case.slug)
        if self.offer is None and self.failure and case.slug == "protocol/initialize":
            return _failed(case, self.failure)
        if self.offer is not None and (lacking := not_offered(case, self.offer)):
            return Result(case, Outcome.NOT_OFFERED, lacking)
        if reason := self._hopeless(case.method):
            return Result(case, Outcome.NOT_RUN, reason)
        if self.client is None and not self.given_up:
            self._restart()
        if self.client is None or self.offer is None:
            return Result(case, Outcome.NOT_RUN, self.given_up)
        try:
            expected = case.answer(self.offer)
            params = case.question(self.offer)
            judge = case.stream(self.offer) if case.stream else _kept(case, expected, self.offer)
        except Exception as error:
            return _fault(case, error)
        return self._ask(self.client, case, params, expected, judge)

    def _ask(
        self, client: Client, case: Case, params: Any, expected: Any, judge: StreamJudge
    ) -> Result:
        seen, most = 0, _steps_asked(params)

        def on_step(step: StepParams) -> None:
            nonlocal seen
            if seen == most:
                raise ProtocolViolated(f"more than the {most} steps that were asked for")
            seen += 1
            judge.take(step)

        kind: type[Any] = METHODS[case.method].result if case.method in METHODS else object
        started = time.monotonic()
        try:
            with collector_paused():  # messages have no cycles, and streams have many objects
                got = client.ask(
                    case.method,
                    params,
                    kind,
                    self.port.timeouts.message,
                    on_step if case.method in STREAMED else None,
                )
        except PortFailure as failure:
            seconds = time.monotonic() - started
            if isinstance(expected, Refusal) and isinstance(failure, PortError):
                return _refused(case, expected, failure, seconds)
            if not isinstance(failure, PortError | WrongAnswer):
                self.deaths[case.method] += 1
                self.timeouts[case.method] += isinstance(failure, PortTimedOut)
                self.close()
            return _failed(case, failure, seconds)
        except Unreplayable:
            raise
        except Exception as error:  # of a judge; the port is in the middle of its answer
            self.close()
            return _fault(case, error)
        seconds = time.monotonic() - started
        if isinstance(expected, Refusal):
            detail = f"answered, where error {expected.code} is right"
            return Result(case, Outcome.MISMATCH, detail, seconds)
        try:
            result = judged(case, judge.finish(got), seconds)
        except Exception as error:
            return _fault(case, error)
        if isinstance(got, InitializeResult) and (doubt := doubtful_offer(got)):
            return Result(case, Outcome.MISMATCH, doubt, seconds)
        if isinstance(judge, _Kept) and self.offer is not None:
            exchange = Exchange(params, expected, judge.whole(got), self.offer)
            return replace(result, exchange=exchange)
        return result

    def _hopeless(self, method: str) -> str:
        """Why a method is not asked again, or an empty string."""
        if self.timeouts[method] == TIMEOUTS:
            return f"{method} ran out of time {TIMEOUTS} times"
        if self.deaths[method] == DEATHS:
            return f"{method} ended the port {DEATHS} times"
        return ""

    def _restart(self) -> None:
        try:
            self._start()
        except NotStarted as error:
            self.given_up = str(error)

    def _shut_down(self, case: Case) -> Result:
        self.source.turn_to(case.slug)
        if self.client is None and not self.given_up:
            self._restart()
        if self.client is None:
            return Result(case, Outcome.NOT_RUN, self.given_up)
        started = time.monotonic()
        try:
            self.client.ask("shutdown", {}, object, self.port.timeouts.message)
            code = self.client.wait_to_exit(SECONDS_TO_EXIT)
        except PortFailure as failure:
            return _failed(case, failure, time.monotonic() - started)
        seconds = time.monotonic() - started
        if code is None:
            detail = f"still runs {SECONDS_TO_EXIT:g} s after it said goodbye"
            return Result(case, Outcome.TIMEOUT, detail, seconds)
        if code != 0:
            return Result(case, Outcome.CRASH, f"exited with {code} after its goodbye", seconds)
        return Result(case, Outcome.PASS, "", seconds)


def _kept(case: Case, expected: Any, offer: InitializeResult) -> _Kept:
    """Judges an answer whole; CPython's random numbers have double precision in any port."""
    precision = "float64" if case.method == "random" else offer.precision
    return _Kept(expected, case.method, precision)


def judged(case: Case, comparison: Comparison, seconds: float) -> Result:
    """The result of a case whose answer was compared."""
    if not comparison.divergences:
        return Result(case, Outcome.PASS, "", seconds, comparison)
    detail = sentence_of(comparison.divergences[0])
    if comparison.extent:
        detail += f"; {comparison.extent}"
    return Result(case, Outcome.MISMATCH, detail, seconds, comparison)


def sentence_of(divergence: Divergence) -> str:
    """What is wrong with a part of an answer, in one sentence."""
    at = printable(divergence.pointer, 200)
    return f"{at}: expected {divergence.expected}, got {divergence.got}"


def _steps_asked(params: Any) -> int:
    """How many `step` notifications may answer a question."""
    match params:
        case TrainParams(steps=steps):
            return steps
        case ReplicateParams(optimizer=optimizer):
            return optimizer.num_steps
        case _:
            return 0


def _refused(case: Case, expected: Refusal, failure: PortError, seconds: float) -> Result:
    if failure.code == expected.code:
        return Result(case, Outcome.PASS, "", seconds)
    detail = f"refused with error {failure.code}, where {expected.code} is right"
    return Result(case, Outcome.MISMATCH, detail, seconds)


def _failed(case: Case, failure: PortFailure, seconds: float = 0.0) -> Result:
    return Result(case, OUTCOME_OF[type(failure)], str(failure), seconds)


def _fault(case: Case, error: Exception) -> Result:
    return Result(case, Outcome.SUITE_FAULT, f"{type(error).__name__}: {error}")
