"""Applies a baseline to the cases of a run, and gives each its standing."""

from dataclasses import dataclass
from typing import Self

from msgspec import structs

from conformance.judging.edition import since
from conformance.judging.outcome import Outcome
from conformance.judging.report import CaseReport
from conformance.judging.standing import Standing
from ports_adapter.quoting import printable

from .entries import Baseline, Entry


@dataclass(frozen=True, slots=True)
class Expectations:
    """The entries of a baseline that are about one run, and the edition whose cases count."""

    edition: int
    entries: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, baseline: Baseline, profile: str, variant: str) -> Self:
        """The expectations for runs of this program and this variant of the port."""
        about = (entry for entry in baseline.entries if entry.is_about(profile, variant))
        # An entry that names a case takes precedence over patterns that match it.
        return cls(baseline.edition, tuple(sorted(about, key=lambda entry: entry.is_pattern)))

    def entry_for(self, slug: str) -> Entry | None:
        """The entry about a case, if there is one."""
        return next((entry for entry in self.entries if entry.matches(slug)), None)

    def judged(self, case: CaseReport) -> CaseReport:
        """The case with its standing."""
        entry = self.entry_for(case.slug)
        if entry is None:
            is_new = since(case.slug) > self.edition
            return structs.replace(case, standing=Standing.ANNOUNCED) if is_new else case
        standing = standing_of(case, entry)
        reason = entry.why
        if standing is Standing.DIFFERENT:
            expected = _outcome(entry.outcome, printable(entry.at, 200))
            reason = f"expected {expected}, got {_outcome(case.outcome, first_part(case))}"
        return structs.replace(case, standing=standing, reason=reason)


def standing_of(case: CaseReport, entry: Entry) -> Standing:
    """How the outcome of a case counts if this entry is about it."""
    is_left_out = case.outcome is Outcome.NOT_OFFERED and entry.outcome is not case.outcome
    if case.outcome is Outcome.SUITE_FAULT or (is_left_out and entry.is_pattern):
        return Standing.COUNTS
    if case.outcome is Outcome.PASS:
        return Standing.FLAKY if entry.flaky else Standing.STALE
    if case.outcome is not entry.outcome or (entry.at and entry.at != first_part(case)):
        return Standing.DIFFERENT
    if entry.flaky:
        return Standing.FLAKY
    return Standing.WONTFIX if entry.wontfix else Standing.KNOWN


def first_part(case: CaseReport) -> str:
    """The first wrong part of the answer, or an empty string if no answer was compared."""
    return case.differences[0].part if case.differences else ""


def _outcome(outcome: Outcome, part: str) -> str:
    return f"{outcome} at {part}" if part else str(outcome)
