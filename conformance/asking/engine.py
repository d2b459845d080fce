"""The engine asks a port case after case, restarts it when it dies, and keeps what is finished.

It does not compare answers (`conformance.judging`) and makes no report (`run_report`).
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.cases.by_level.handshake import introduction, shutdown_case
from conformance.cases.case import Case
from conformance.cases.offer import doubtful_offer, not_offered
from conformance.judging.outcome import Outcome
from conformance.judging.stream_judge import STREAMED, StreamJudge, WholeAnswerJudge
from conformance.oracle.answer import Refusal
from ports_adapter.client import Client, Source
from ports_adapter.failures import (
    NotStarted,
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
    ReplicateParams,
    StepParams,
    TrainParams,
)
from ports_adapter.transcript.events import Unreplayable
from reference.training import collector_paused

from .case_result import Exchange, Finished, Result, compared, failed, refused, suite_fault

DEATHS = 5
"""A method that ended the port this many times is not asked again."""

TIMEOUTS = 2
"""A method that ran out of time this many times is not asked again."""

SECONDS_TO_EXIT = 5.0


@dataclass
class Engine:
    """Asks one port case after case.

    A port that crashes, hangs or breaks the protocol is restarted for the next case. After
    `DEATHS` such failures, or `TIMEOUTS` timeouts, at one method, that method is not asked again.
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
        """Ask the cases in order, then ask the port to exit.

        Raises:
            NotStarted: the port's command cannot be executed at all.
            Unreplayable: the source is a transcript that cannot answer.
        """
        interrupted = False
        try:
            self._start()
            for case in cases:
                self._ask(case)
            if shut_down:
                self._ask(shutdown_case())
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
        """Ask one case, starting the port if it does not run.

        For callers that do not `run` all cases at once. They keep the results that they need, and
        they call `close` at the end.

        Raises:
            Unreplayable: the source is a transcript that cannot answer.
        """
        result = self._ask(case)
        self.results.clear()
        return result

    def close(self) -> None:
        """End the port, if it runs; the next case starts it again."""
        if self.client is not None:
            self.client.close()
            self.log = self.client.log
            self.client = None

    def _ask(self, case: Case) -> Result:
        if self.offer is None:
            self._start_if_needed()
        if case.slug != shutdown_case().slug:
            return self._keep(self._result_of(case))
        result = self._keep(self._shut_down(case))
        self.close()
        return result

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

        Its first offer decides what it is asked, whatever it offers after a restart.
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

    def _start_if_needed(self) -> None:
        if self.client is None and not self.given_up:
            try:
                self._start()
            except NotStarted as error:
                self.given_up = str(error)

    def _result_of(self, case: Case) -> Result:
        self.source.turn_to(case.slug)
        if self.offer is None and self.failure and case.slug == "protocol/initialize":
            return failed(case, self.failure)
        if self.offer is not None and (lacking := not_offered(case, self.offer)):
            return Result(case, Outcome.NOT_OFFERED, lacking)
        if reason := self._reason_to_skip(case.method):
            return Result(case, Outcome.NOT_RUN, reason)
        self._start_if_needed()
        if self.client is None or self.offer is None:
            return Result(case, Outcome.NOT_RUN, self.given_up)
        try:
            expected = case.answer(self.offer)
            params = case.question(self.offer)
            judge = case.stream(self.offer) if case.stream else _whole(case, expected, self.offer)
        except Exception as error:
            return suite_fault(case, error)
        return self._exchange(self.client, case, params, expected, judge)

    def _exchange(
        self, client: Client, case: Case, params: Any, expected: Any, judge: StreamJudge
    ) -> Result:
        """Ask the question, and judge the answer."""
        started = time.monotonic()
        try:
            got = self._answer(client, case.method, params, judge)
        except PortFailure as failure:
            seconds = time.monotonic() - started
            if isinstance(expected, Refusal) and isinstance(failure, PortError):
                return refused(case, expected, failure, seconds)
            if not isinstance(failure, PortError | WrongAnswer):
                self.deaths[case.method] += 1
                self.timeouts[case.method] += isinstance(failure, PortTimedOut)
                self.close()
            return failed(case, failure, seconds)
        except Unreplayable:
            raise
        except Exception as error:  # from the judge, while the port is still answering
            self.close()
            return suite_fault(case, error)
        seconds = time.monotonic() - started
        if isinstance(expected, Refusal):
            detail = f"answered; expected error {expected.code}"
            return Result(case, Outcome.MISMATCH, detail, seconds)
        try:
            result = compared(case, judge.finish(got), seconds)
        except Exception as error:
            return suite_fault(case, error)
        if isinstance(got, InitializeResult) and (doubt := doubtful_offer(got)):
            return Result(case, Outcome.MISMATCH, doubt, seconds)
        if isinstance(judge, WholeAnswerJudge) and self.offer is not None:
            exchange = Exchange(params, expected, judge.whole(got), self.offer)
            return replace(result, exchange=exchange)
        return result

    def _answer(self, client: Client, method: str, params: Any, judge: StreamJudge) -> Any:
        """The port's answer, all of whose steps the judge has taken."""
        seen, most = 0, _steps_asked(params)

        def on_step(step: StepParams) -> None:
            nonlocal seen
            if seen == most:
                raise ProtocolViolated(f"more than the {most} steps that were asked for")
            seen += 1
            judge.take(step)

        kind: type[Any] = METHODS[method].result if method in METHODS else object
        take = on_step if method in STREAMED else None
        with collector_paused():  # messages have no cycles, and streams have many objects
            return client.ask(method, params, kind, self.port.timeouts.message, take)

    def _reason_to_skip(self, method: str) -> str:
        """Why a method is not asked again, or an empty string."""
        if self.timeouts[method] == TIMEOUTS:
            return f"{method} ran out of time {TIMEOUTS} times"
        if self.deaths[method] == DEATHS:
            return f"{method} ended the port {DEATHS} times"
        return ""

    def _shut_down(self, case: Case) -> Result:
        self.source.turn_to(case.slug)
        self._start_if_needed()
        if self.client is None:
            return Result(case, Outcome.NOT_RUN, self.given_up)
        started = time.monotonic()
        try:
            self.client.ask("shutdown", {}, object, self.port.timeouts.message)
            code = self.client.wait_to_exit(SECONDS_TO_EXIT)
        except PortFailure as failure:
            return failed(case, failure, time.monotonic() - started)
        seconds = time.monotonic() - started
        if code is None:
            detail = f"still runs {SECONDS_TO_EXIT:g} s after shutdown"
            return Result(case, Outcome.TIMEOUT, detail, seconds)
        if code != 0:
            return Result(case, Outcome.CRASH, f"exited with {code} after shutdown", seconds)
        return Result(case, Outcome.PASS, "", seconds)


def _whole(case: Case, expected: Any, offer: InitializeResult) -> WholeAnswerJudge:
    # CPython's random numbers have double precision in a port of any precision.
    precision = "float64" if case.method == "random" else offer.precision
    return WholeAnswerJudge(expected, case.method, precision)


def _steps_asked(params: Any) -> int:
    """How many `step` notifications a question asks for."""
    match params:
        case TrainParams(steps=steps):
            return steps
        case ReplicateParams(optimizer=optimizer):
            return optimizer.num_steps
        case _:
            return 0
