"""Smallest cases found for tests, and a port that is bound to the published sizes."""

from conformance.explanation.shrinking.repeated_questions import Asker
from conformance.explanation.shrinking.search import Smallest, smallest
from conformance.judging.compare import compare
from conformance.judging.divergence import Divergence
from conformance.judging.outcome import Outcome
from ports_adapter.manifest import Port
from tests.support.suite import module_port

SECONDS = 10.0
"""Of a search; more than it takes, since other tests run at the same time."""

SOON = 1.0
"""Of a search that finds nothing, and so goes on until its time is up."""


def found(port: Port, method: str, outcome: Outcome = Outcome.MISMATCH) -> Smallest:
    """The smallest case; asked again, it fails again."""
    with Asker(port) as asker:
        case = smallest(asker, method, outcome, SECONDS)
        assert case is not None
        if outcome is Outcome.MISMATCH:
            assert divergences(asker, case) == case.divergences != ()
    return case


def divergences(asker: Asker, case: Smallest) -> tuple[Divergence, ...]:
    got = asker.ask(case.method, case.params, SECONDS)
    return compare(case.expected, got, case.precision).divergences


def bound_to_the_profile(mistake: str) -> Port:
    """A port with a mistake that answers questions of the published sizes alone."""
    return module_port("tests.support.ports.learner", "microgpt", mistake, "--published-sizes")
