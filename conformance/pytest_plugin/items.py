"""The tests of a port: one for each case, and one for its baseline."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.cases.case import Case
from conformance.judging.outcome import Outcome
from conformance.judging.report import BaselineReport, CaseReport
from conformance.judging.standing import Standing
from conformance.reports.terminal.run_text import failure_lines

from .port_session import PortSession


class Manifest(pytest.File):
    """A port's manifest, collected as its cases."""

    def __init__(self, *, port_session: PortSession, **others: Any) -> None:
        super().__init__(**others)
        self.port_session = port_session

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each case, in the order of the command line."""
        if baseline := self.port_session.rules.report:
            yield BaselineTest.from_parent(self, name="baseline", baseline=baseline)
        for case in self.port_session.cases:
            yield CaseTest.from_parent(
                self, name=case.slug, case=case, port_session=self.port_session
            )


class _Test(pytest.Item):
    """A test without source code."""

    def reportinfo(self) -> tuple[Path, None, str]:
        """Its file and its heading."""
        return self.path, None, self.name


class CaseTest(_Test):
    """A case as a test. The port is asked in its set-up: there, a suite fault is an error."""

    ended: CaseReport

    def __init__(self, *, case: Case, port_session: PortSession, **others: Any) -> None:
        super().__init__(**others)
        self.case = case
        self.port_session = port_session
        self.add_marker(str(case.level))

    def setup(self) -> None:
        """Ask the port."""
        self.ended = ended = self.port_session.ask(self.case)
        self.user_properties += [
            ("level", str(ended.level)),
            ("outcome", str(ended.outcome)),
            ("standing", str(ended.standing)),
        ]
        if ended.outcome is Outcome.SUITE_FAULT:
            pytest.fail(failure(ended), pytrace=False)

    def runtest(self) -> None:
        """Pass, fail or be skipped, by the outcome and the standing of the case."""
        ended = self.ended
        if ended.outcome.is_failure and not ended.fails:
            pytest.xfail(_why(ended))  # comes back with --runxfail
        if ended.fails or ended.outcome.is_failure:
            pytest.fail(failure(ended), pytrace=False)
        if ended.outcome is Outcome.NOT_OFFERED:
            pytest.skip(ended.detail)


class BaselineTest(_Test):
    """A test that every entry of the baseline matches a case."""

    def __init__(self, *, baseline: BaselineReport, **others: Any) -> None:
        super().__init__(**others)
        self.baseline = baseline

    def runtest(self) -> None:
        """Fail if an entry matches no case."""
        if unmatched := self.baseline.unmatched:
            heading = f"{len(unmatched)} baseline entries that match no case"
            advice = f"remove them from {self.baseline.path}, or correct their slugs"
            pytest.fail("\n  ".join((heading, *unmatched, advice)), pytrace=False)


def _why(case: CaseReport) -> str:
    """Why a failed case does not fail its test."""
    if case.standing is Standing.ANNOUNCED:
        return f"announced: it is new, and will count ({case.outcome}: {case.detail})"
    return f"{case.standing}: {case.reason}"


def failure(case: CaseReport) -> str:
    """What is wrong, in the words of the command line."""
    said = [f"{label}{words}" for label, words, _style in failure_lines(case)]
    match case.standing:
        case Standing.STALE:
            heading = "stale: the baseline expects it to fail, and it passes"
            advice = "remove its entry from the baseline, or mark it there as flaky"
            said = [f"known for: {case.reason}", advice, f"run it again: {case.rerun}"]
        case Standing.DIFFERENT:
            heading = f"different from the baseline: {case.reason}"
        case _:
            heading = f"{case.outcome}: {case.detail}"
            said = [words for words in said if words != case.detail]
    return "\n  ".join((heading, *said))
