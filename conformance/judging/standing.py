"""How an outcome counts: as it is, or as a baseline or an announcement has it."""

from __future__ import annotations

from enum import StrEnum

from .outcome import Outcome


class Standing(StrEnum):
    """How the outcome of a case counts in a run's verdict.

    `STALE` is a case that a baseline expects to fail and that does not, `DIFFERENT` one that
    fails otherwise than it has it. An `ANNOUNCED` case is new, and counts from the next edition.
    """

    COUNTS = "counts"
    KNOWN = "known failure"
    FLAKY = "flaky"
    WONTFIX = "wontfix"
    ANNOUNCED = "announced"
    STALE = "stale"
    DIFFERENT = "different"

    def fails(self, outcome: Outcome) -> bool:
        """Whether a run with such a case fails."""
        match self:
            case Standing.COUNTS:
                return outcome.is_failure
            case Standing.STALE | Standing.DIFFERENT:
                return True
            case _:
                return False
