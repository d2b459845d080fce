"""Runs that are ended at random moments: what they leave is whole, and the next run clears up."""

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fuzz.faults import SIGNALS, Ended, building, end, replacing, reporting


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(("make", "kills"), [(reporting, 6), (replacing, 12), (building, 2)])
def test_a_run_that_is_ended_leaves_what_is_whole_and_nothing_else(
    tmp_path: Path, make: Callable[[Path], Ended], kills: int, number: signal.Signals
) -> None:
    left = end(make(tmp_path), number, kills, seed=1)
    assert left.findings == []


@pytest.mark.slow
def test_half_a_report_would_be_found(tmp_path: Path) -> None:
    what = reporting(tmp_path)

    def spoil() -> bool:
        report = tmp_path / "report.json"
        report.write_bytes(report.read_bytes()[:100])
        return True

    assert not list(what.look())
    spoil()
    assert "the report is not whole" in next(what.look())
    (tmp_path / "report.json").unlink()
    assert list(what.look()) == ["the report that was there is gone"]


def test_a_damaged_golden_file_and_a_temporary_one_would_be_found(tmp_path: Path) -> None:
    what = building(tmp_path)
    (tmp_path / "golden" / "budgets.json").write_bytes(b"{")
    (tmp_path / "golden" / ".budgets.json.abc.tmp").write_bytes(b"{")
    left = end(replace(what, seconds=0.01), signal.SIGKILL, 1, seed=1)
    assert len(left.findings) == 2
    assert "golden files have changed" in left.findings[0]
    assert left.findings[1].endswith(".tmp stays")
