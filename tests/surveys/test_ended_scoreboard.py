"""Scoreboards whose runs hang or are ended, or that are ended themselves."""

import json
import signal
import time
from pathlib import Path

import psutil
import pytest

from conformance.judging.outcome import ExitCode
from conformance.surveys.scoreboard.history import read_history
from tests.support.command import started, wait_for_marks
from tests.support.ports.broken import SLOW
from tests.support.scoreboards import CASES, TWO, Make, ended, is_gone, rows_of
from tests.support.suite import ROOT

pytestmark = pytest.mark.slow


def test_a_run_that_hangs_or_that_somebody_ends_has_its_row_and_the_others_theirs(
    make: Make, tmp_path: Path
) -> None:
    ends = {"killed": signal.SIGKILL, "interrupted": signal.SIGTERM}
    ports = [*(make(name, SLOW) for name in ends), make("hang", SLOW), make("honest")]
    run = started("scoreboard", *ports, *TWO, "--jobs", "2", "--timeout", "15", "--json", "-")
    wait_for_marks(run, *(tmp_path / name for name in ends))
    runners = {name: runner(run.pid, tmp_path / name) for name in ends}
    for name, number in ends.items():
        runners[name].send_signal(number)
    rows = rows_of(ended(run))
    assert next(iter(rows)) == "honest"
    assert rows["honest"]["ending"] == "pass"
    assert "its run was ended by SIGKILL, perhaps by the port" in rows["killed"]["why"]
    assert "interrupted, though not by the scoreboard" in rows["interrupted"]["why"]
    assert rows["hang"]["ending"] == "timeout"
    assert rows["hang"]["why"] == "its run took longer than 15 s, and was ended"
    assert rows["hang"]["passed"] == 1
    assert is_gone(tmp_path / "killed")
    assert is_gone(tmp_path / "hang")


def runner(scoreboard: int, folder: Path) -> psutil.Process:
    """What a scoreboard has started to run a port."""
    children = psutil.Process(scoreboard).children()
    return next(child for child in children if str(folder) in child.cmdline())


@pytest.mark.sampled(1)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_board_keeps_what_is_finished_and_leaves_no_process(
    make: Make, tmp_path: Path, number: signal.Signals
) -> None:
    ports = [make("honest"), make("slow", SLOW), make("later")]
    page, path, history = (tmp_path / name for name in ("b.html", "b.json", "h.jsonl"))
    outputs = ("--json", path, "--html", page, "--history", history)
    run = started("scoreboard", *ports, *TWO, "--jobs", "1", *outputs)
    wait_for_marks(run, tmp_path / "slow")
    children = psutil.Process(run.pid).children(recursive=True)
    assert len(children) >= 2
    run.send_signal(number)
    printed = ended(run)
    assert printed.returncode == ExitCode.INTERRUPTED
    assert "INTERRUPTED: 1 of 3 ports pass" in printed.stdout
    board = json.loads(path.read_text())
    assert board["was_interrupted"]
    endings = {Path(row["label"]).name: row["ending"] for row in board["rows"]}
    assert endings == {"honest": "pass", "slow": "interrupted", "later": "not begun"}
    assert "what was finished when it was interrupted" in page.read_text()
    assert [Path(record.port).name for record in read_history(history)] == ["honest"]
    assert not psutil.wait_procs(children, timeout=5)[1]


def test_an_interruption_while_speeds_are_measured_keeps_every_verdict(make: Make) -> None:
    manifest = 'name = "p"\nlanguage = "Python"\nrun = ["{python}", "-m", "microgpt_numpy"]\n'
    folder = make("quick", "", manifest)
    (folder / "microgpt_numpy").symlink_to(ROOT / "ports_adapter" / "python" / "microgpt_numpy")
    run = started("scoreboard", folder, *CASES, "--json", "-")
    assert run.stderr
    assert "pass: 2/2 cases" in run.stderr.readline()
    time.sleep(0.5)
    run.send_signal(signal.SIGTERM)
    printed = ended(run)
    assert printed.returncode == ExitCode.INTERRUPTED
    (row,) = json.loads(printed.stdout)["rows"]
    assert row["ending"] == "pass"
    assert row["training"]["why"] == "interrupted"
