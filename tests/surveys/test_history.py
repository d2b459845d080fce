"""The history of a scoreboard: a line for each run of a port, and what has changed since."""

import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from conformance.cases.request import Unusable
from conformance.surveys.scoreboard.board import Ending, Row
from conformance.surveys.scoreboard.history import (
    Record,
    Tally,
    append_history,
    read_history,
    with_history,
)
from conformance.surveys.scoreboard.sparkline import sparkline_of


def record(**changes: Any) -> Record:
    levels = {"layers": Tally(10, 10, fails=False), "backward": Tally(13, 13, fails=False)}
    standard: dict[str, Any] = {
        "date": "2026-01-01T00:00:00Z", "port": "p", "edition": 1, "seed": 1, "asked_for": None,
        "patterns": [], "profile": "microgpt", "ending": "pass", "exit_code": 0, "passed": 23,
        "asked": 23, "known": 0, "levels": levels, "grade": "float64",
    }  # fmt: skip
    return Record(**standard | changes)


def changed(now: Record, *before: Record) -> str:
    return with_history(Row(label="p", ending=Ending(now.ending)), now, before).change


def test_a_change_says_what_was_and_what_is_and_which_level() -> None:
    broken = {"layers": Tally(10, 10, fails=False), "backward": Tally(0, 13, fails=True)}
    worse = record(ending="fail", passed=10, levels=broken)
    assert changed(record()) == "first record"
    assert changed(record(), record()) == "unchanged"
    assert changed(worse, record()) == "was 23/23, is 10/23: backward newly fails"
    assert changed(record(), worse) == "was 10/23, is 23/23: backward no longer fails"
    gone = record(ending="unusable", passed=0, asked=0, levels={}, profile="", edition=None)
    assert changed(gone, record()) == "was pass (23/23), is unusable (0/0)"
    assert changed(record(), gone) == "was unusable (0/0), is pass (23/23)"
    fewer = {"layers": Tally(10, 10, fails=False)}
    said = changed(record(passed=10, asked=10, levels=fewer, edition=2), record())
    assert said == "was 23/23, is 10/10: backward is not asked any more, edition 2, was 1"


def test_records_of_other_cases_are_not_compared() -> None:
    assert changed(record(patterns=["adam"], passed=1, asked=1), record()) == "first record"
    assert changed(record(asked_for="train0"), record()) == "first record"
    assert changed(record(), record(port="other")) == "first record"


def test_half_a_line_at_the_end_is_passed_over_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "h.jsonl"
    append_history(path, [record(seed=1), record(seed=2)])
    whole = path.read_bytes()
    for end in range(len(whole) // 2 + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        assert [r.seed for r in read_history(path)] == [1]
    append_history(path, [record(seed=3)])
    assert [r.seed for r in read_history(path)] == [1, 3]
    assert path.read_bytes().count(b"\n") == 2


def test_a_last_line_that_lacks_its_newline_alone_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    append_history(path, [record(seed=1)])
    path.write_bytes(path.read_bytes().rstrip())
    assert [r.seed for r in read_history(path)] == [1]
    append_history(path, [record(seed=2)])
    assert [r.seed for r in read_history(path)] == [1, 2]


@pytest.mark.parametrize("damage", [b"", b"{}", b"[[" * 100_000, b"\xff\xfe", b'{"date": 1}'])
def test_a_damaged_line_is_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "h.jsonl"
    append_history(path, [record(), record()])
    first, second = path.read_bytes().splitlines()
    path.write_bytes(first + b"\n" + damage + b"\n" + second + b"\n")
    with pytest.raises(Unusable, match=r"h\.jsonl:2 is not a record of a scoreboard"):
        read_history(path)


def append_on_and_on(path: Path) -> None:
    while True:
        append_history(path, [record(seed=n) for n in range(50)])


@pytest.mark.slow
def test_a_killed_writer_never_damages_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    for _ in range(3):
        before = path.stat().st_size if path.exists() else 0
        writer = get_context("forkserver").Process(target=append_on_and_on, args=(path,))
        writer.start()
        while not path.exists() or path.stat().st_size == before:
            assert writer.is_alive()
            time.sleep(0.01)
        time.sleep(0.2)
        writer.kill()
        writer.join()
        assert len(read_history(path)) > 0
    append_history(path, [record(seed=99)])
    assert read_history(path)[-1].seed == 99


def test_a_sparkline_has_a_point_for_each_run() -> None:
    now = record(ending="fail", passed=0)
    row = with_history(Row(label="p", ending=Ending.FAIL), now, [record(), record()])
    line = sparkline_of(row.history)
    assert line
    assert line.points == "4,4 56,4 108,24"
    assert line.words == "3 runs since 2026-01-01: 23/23, 23/23, 0/23 passed"
    assert sparkline_of([]) is None
