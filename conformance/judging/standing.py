"""Standings: whether the outcome of a case counts, or is known, announced, stale or different."""

from enum import StrEnum

from .outcome import Outcome


class Standing(StrEnum):
    """How the outcome of a case counts in a run's verdict.

    A `STALE` case passes although the baseline expects it to fail; a `DIFFERENT` case fails, but
    not as the baseline expects. An `ANNOUNCED` case is new, and counts from the next edition.
    """

    COUNTS = "counts"
    KNOWN = "known failure"
    FLAKY = "flaky"
    WONTFIX = "wontfix"
    ANNOUNCED = "announced"
    STALE = "stale"
    DIFFERENT = "different"

    def fails(self, outcome: Outcome) -> bool:
        """Whether a case of this standing fails the run."""
        match self:
            case Standing.COUNTS:
                return outcome.is_failure
            case Standing.STALE | Standing.DIFFERENT:
                return True
            case _:
                return False
