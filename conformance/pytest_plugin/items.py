"""The tests that a port's manifest stands for: one a case, and one for its baseline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.cases.case import Case
from conformance.judging.outcome import Outcome
from conformance.judging.report import BaselineReport, CaseReport
from conformance.judging.standing import Standing
from conformance.reports.terminal.run_text import failure_lines

from .port_session import Asking


class Manifest(pytest.File):
    """A port's manifest, collected as its cases."""

    def __init__(self, *, asking: Asking, **others: Any) -> None:
        super().__init__(**others)
        self.asking = asking

    def collect(self) -> Iterator[pytest.Item]:
        """A test a case, in the order in which the command line asks them."""
        if baseline := self.asking.rules.report:
            yield BaselineTest.from_parent(self, name="baseline", baseline=baseline)
        for case in self.asking.cases:
            yield CaseTest.from_parent(self, name=case.slug, case=case, asking=self.asking)


class _Test(pytest.Item):
    """A test that has no source to show."""

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it is, and its heading."""
        return self.path, None, self.name


class CaseTest(_Test):
    """A case as a test. Asking it is its set-up, so that a fault of the suite is an error."""

    ended: CaseReport

    def __init__(self, *, case: Case, asking: Asking, **others: Any) -> None:
        super().__init__(**others)
        self.case = case
        self.asking = asking
        self.add_marker(str(case.level))

    def setup(self) -> None:
        """Ask the port."""
        self.ended = ended = self.asking.ask(self.case)
        self.user_properties += [
            ("level", str(ended.level)),
            ("outcome", str(ended.outcome)),
            ("standing", str(ended.standing)),
        ]
        if ended.outcome is Outcome.SUITE_FAULT:
            pytest.fail(failure(ended), pytrace=False)

    def runtest(self) -> None:
        """Pass, fail, or be skipped, as the case has ended and as that counts."""
        ended = self.ended
        if ended.outcome.is_failure and not ended.fails:
            pytest.xfail(_why(ended))  # comes back with --runxfail
        if ended.fails or ended.outcome.is_failure:
            pytest.fail(failure(ended), pytrace=False)
        if ended.outcome is Outcome.NOT_OFFERED:
            pytest.skip(ended.detail)


class BaselineTest(_Test):
    """A test of the baseline itself, whose entries are about cases that there are."""

    def __init__(self, *, baseline: BaselineReport, **others: Any) -> None:
        super().__init__(**others)
        self.baseline = baseline

    def runtest(self) -> None:
        """Fail if an entry matches no case."""
        if unmatched := self.baseline.unmatched:
            heading = f"{len(unmatched)} in the baseline that match no case"
            advice = f"remove them from {self.baseline.path}, or name the case that is meant"
            pytest.fail("\n  ".join((heading, *unmatched, advice)), pytrace=False)


def _why(case: CaseReport) -> str:
    """Why a failed case does not count."""
    if case.standing is Standing.ANNOUNCED:
        return f"announced: it is new, and will count ({case.outcome}: {case.detail})"
    return f"{case.standing}: {case.reason}"


def failure(case: CaseReport) -> str:
    """A failed case in the words of the command line's report."""
    said = [f"{label}{words}" for label, words, _style in failure_lines(case)]
    match case.standing:
        case Standing.STALE:
            heading = "stale: the baseline has it as failing, and it passes"
            advice = "remove its entry from the baseline, or say there that it is flaky"
            said = [f"known for: {case.reason}", advice, f"run it again: {case.rerun}"]
        case Standing.DIFFERENT:
            heading = f"different from the baseline: {case.reason}"
        case _:
            heading = f"{case.outcome}: {case.detail}"
            said = [words for words in said if words != case.detail]
    return "\n  ".join((heading, *said))
