"""PortSession one port from within pytest, and judging its answers."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

import pytest

from conformance.asking.engine import Engine
from conformance.asking.run_report import Asked, case_report
from conformance.baseline.run_baseline import Rules, rules_for
from conformance.cases.by_level.handshake import introduction
from conformance.cases.case import Case
from conformance.cases.request import BaselineChoice, Request, Unusable
from conformance.cases.selection import selection
from conformance.judging.report import CaseReport
from conformance.runs.preparation import fallback_profile, refuse_program, usable
from ports_adapter.building import build
from ports_adapter.client import Client
from ports_adapter.failures import NotStarted, PortFailure
from ports_adapter.manifest import Port, find_port, why_not_started
from ports_adapter.messages import InitializeResult

WORKER = "microgpt_port"
"""The key under which a worker of pytest-xdist finds the seed and the profile of the run."""


@contextmanager
def usage() -> Iterator[None]:
    """Turn what keeps a port from being asked into a usage error of pytest."""
    try:
        with usable():
            yield
    except Unusable as error:
        raise pytest.UsageError(str(error)) from None


@dataclass(frozen=True, slots=True)
class PortSession:
    """One port, its cases, and the engine that asks them one at a time."""

    request: Request
    asked: Asked
    cases: Sequence[Case]
    rules: Rules
    engine: Engine

    @classmethod
    def of(cls, port: Port, request: Request, seed: int) -> Self:
        """A session with a port that has not started yet.

        Raises:
            pytest.UsageError: no case matches, or the baseline, the profile or its settings cannot
                be used.
        """
        with usage():
            cases, rules = selection(request, seed, port.precision), rules_for(port, request)
            asked = Asked(
                port,
                seed,
                request.judged_program.name,
                request.settings,
                rules.edition,
                rules.report,
            )
            return cls(request, asked, cases, rules, Engine(port))

    @property
    def port(self) -> Port:
        """The port."""
        return self.asked.port

    def ask(self, case: Case) -> CaseReport:
        """Ask a case, and judge the answer."""
        try:
            result = self.engine.ask(case)
        except BaseException:  # pytest's time limit: the port is in the middle of its answer
            self.engine.close()
            raise
        return self.rules.judged(case_report(result, self.asked))

    def prepared(self) -> Self:
        """The session with the port built, about the profile that it offers.

        Raises:
            pytest.UsageError: it does not build or cannot be started.
        """
        with usage():
            build(self.port)
            if reason := why_not_started(self.port):
                raise NotStarted(f"the run command cannot be started: {reason}")
            other = None if self.request.profile else _fallback_profile(self.port)
        if other is None:
            return self
        return self.of(self.port, replace(self.request, profile=other), self.asked.seed)

    def worker_input(self) -> dict[str, Any]:
        """What a worker needs to ask the same cases."""
        return {"seed": self.asked.seed, "profile": self.request.profile}


def session_of(config: pytest.Config) -> PortSession:
    """The session that the command line asks for; a worker takes seed and profile of the run.

    Raises:
        pytest.UsageError: the port's manifest or an option cannot be used.
    """
    option = config.getoption
    with usage():
        port = find_port(option("--port"))
        refuse_program(port, "there are no tests of it")
    if option("--port-baseline") and option("--port-no-baseline"):
        raise pytest.UsageError("--port-no-baseline excludes --port-baseline")
    run = {"seed": option("--port-seed"), "profile": option("--port-profile")}
    run |= getattr(config, "workerinput", {}).get(WORKER, {})
    request = Request(
        port.label,
        option("--port-case"),
        profile=run["profile"],
        settings=option("--port-set"),
        baseline=BaselineChoice(option("--port-baseline"), option("--port-no-baseline")),
    )
    seed = secrets.randbelow(2**32) if run["seed"] is None else run["seed"]
    return PortSession.of(port, request, seed)


def _fallback_profile(port: Port) -> str | None:
    """The profile to ask about if the port does not offer the final program."""
    with Client(port) as client:
        try:
            offer = client.ask("initialize", introduction(), InitializeResult, port.timeouts.start)
        except PortFailure:
            return None
    return fallback_profile(offer.profiles)
