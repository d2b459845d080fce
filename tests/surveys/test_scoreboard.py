"""The scoreboard: many ports side by side, none of which can hide the others."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest

from conformance.anatomy.levels import Level
from conformance.cases.request import Unusable
from conformance.commands.published_pages import BOARD_SCHEMA
from conformance.judging.outcome import ExitCode, Outcome
from conformance.surveys.scoreboard.board import Cell, Ending, Row, best_first
from conformance.surveys.scoreboard.history import (
    Record,
    Tally,
    append_history,
    read_history,
    with_history,
)
from conformance.surveys.scoreboard.rows import REPORT, row_of
from conformance.surveys.scoreboard.sparkline import sparkline_of
from conformance.surveys.scoreboard.survey import place_of
from conformance.surveys.scoreboard.worker_processes import Ended, How, Job
from tests.support.command import run as run_command
from tests.support.ports.broken import SLOW, port
from tests.support.suite import ROOT, living, unwrapped

MANIFEST = 'name = "p"\nlanguage = "Python"\nrun = ["{python}", "port.py"]\n'
CASES = ("--case", "tokenizer/words", "--case", "layers/linear-square", "--seed", "1")
WRONG = """
def wrong(r):
    a = linear(r["params"])
    a["output"][2] += 1
    reply(r, a)
HANDLERS["linear"] = wrong
"""
HUGE = """
names = ["tokenize", "linear", *(f"{n:0100}" for n in range(350_000))]
HANDLERS["initialize"] = lambda r: introduce(r, methods=names)
"""
ORPHANS = """
def leave(r):
    child = [sys.executable, "-c", "import time; time.sleep(60)"]
    left = subprocess.Popen(child, start_new_session=True)
    open("pid", "w").write(str(left.pid))
    reply(r, linear(r["params"]))
HANDLERS["linear"] = leave
"""

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a port's folder."""

    def made(name: str, change: str = "", manifest: str | None = MANIFEST) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "port.py").write_text(port(change))
        if manifest is not None:
            (folder / "port.toml").write_text(manifest)
        return folder

    return made


def command(arguments: Sequence[str | Path]) -> list[str]:
    return [sys.executable, "-m", "conformance", "scoreboard", *map(str, arguments)]


def scoreboard(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run_command("conformance", "scoreboard", *arguments, *CASES, "--no-speed")


def rows_of(run: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """The rows by the last part of their folder's name, in their order."""
    assert "Traceback" not in run.stderr, run.stderr
    board = json.loads(run.stdout)
    jsonschema.validate(board, json.loads(BOARD_SCHEMA.read_text()))
    assert board["exit_code"] == run.returncode
    return {Path(row["label"]).name: row for row in board["rows"]}


def is_gone(folder: Path) -> bool:
    """Whether a port got as far as to leave its mark, and nothing of it runs any more."""
    until = time.monotonic() + 10  # who guards it ends it once the run is gone
    while living(folder) and time.monotonic() < until:
        time.sleep(0.05)
    return (folder / "pid").exists() and not living(folder)


@pytest.mark.slow
def test_ports_that_pass_make_a_board_that_passes(make: Make) -> None:
    run = scoreboard(make("one"), make("two"))
    assert run.returncode == ExitCode.PASS
    assert "PASS: 2 of 2 ports pass. Seed 1." in run.stdout
    assert "\x1b" not in run.stdout
    progress = [line[:5] for line in run.stderr.splitlines() if line.startswith("[")]
    assert sorted(progress) == ["[1/2]", "[2/2]"]


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_a_broken_port_never_hides_the_others(make: Make, tmp_path: Path) -> None:
    ports = [
        make("huge", HUGE),
        make("unbuildable", "", MANIFEST + 'build = ["sh", "-c", "echo oh no; exit 3"]'),
        make("without", "", None),
        make("garbled", "", "name = "),
        make("crash", "HANDLERS['linear'] = lambda r: sys.exit(2)"),
        make("wrong", WRONG),
        tmp_path / "nowhere",
        tmp_path / ("long" * 200),
        make("honest"),
    ]
    run = scoreboard(*ports, "--json", "-")
    assert run.returncode == ExitCode.FAIL
    rows = rows_of(run)
    assert len(rows) == len(ports)
    assert next(iter(rows)) == "honest"
    assert rows["honest"]["ending"] == "pass"
    assert (rows["honest"]["passed"], rows["honest"]["asked"]) == (2, 2)
    assert rows["wrong"]["ending"] == "fail"
    assert rows["wrong"]["levels"][1]["outcome"] == "mismatch"
    assert rows["wrong"]["first_divergence"] == "layers/linear-square"
    assert rows["crash"]["levels"][1]["outcome"] == "crash"
    for name, ending, why in (
        ("huge", "no report", "its report is too large"),
        ("unbuildable", "unusable", "the build ended with 3"),
        ("without", "unusable", "has no port.toml"),
        ("garbled", "unusable", "is not TOML"),
        ("nowhere", "unusable", "there is no folder"),
    ):
        assert rows[name]["ending"] == ending, rows[name]
        assert why in rows[name]["why"], rows[name]
    assert "oh no" in "".join(rows["unbuildable"]["log"])


@pytest.mark.slow
def test_a_port_that_hangs_is_ended_and_keeps_what_it_had_passed(
    make: Make, tmp_path: Path
) -> None:
    run = scoreboard(make("hang", SLOW), make("honest"), "--timeout", "15", "--json", "-")
    rows = rows_of(run)
    assert list(rows) == ["honest", "hang"]
    assert rows["hang"]["ending"] == "timeout"
    assert rows["hang"]["why"] == "its run took longer than 15 s, and was ended"
    assert rows["hang"]["passed"] == 1
    assert is_gone(tmp_path / "hang")


@pytest.mark.slow
def test_what_a_port_leaves_running_is_ended(make: Make) -> None:
    folder = make("leaves", ORPHANS)
    assert scoreboard(folder).returncode == ExitCode.PASS
    assert is_gone(folder)


@pytest.mark.slow
def test_a_run_that_somebody_ends_has_its_row_and_the_others_theirs(
    make: Make, tmp_path: Path
) -> None:
    ends = {"killed": signal.SIGKILL, "interrupted": signal.SIGTERM}
    ports = [*(make(name, SLOW) for name in ends), make("honest")]
    run = subprocess.Popen(
        command((*ports, *CASES, "--no-speed", "--jobs", "2", "--json", "-")),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not all((tmp_path / name / "pid").exists() for name in ends):
        assert run.poll() is None
        time.sleep(0.05)
    runners = {name: runner(run.pid, tmp_path / name) for name in ends}
    for name, number in ends.items():
        runners[name].send_signal(number)
    out, errors = run.communicate(timeout=60)
    rows = rows_of(subprocess.CompletedProcess(run.args, run.returncode, out, errors))
    assert rows["honest"]["ending"] == "pass"
    assert "its run was ended by SIGKILL, perhaps by the port" in rows["killed"]["why"]
    assert "interrupted, though not by the scoreboard" in rows["interrupted"]["why"]
    assert is_gone(tmp_path / "killed")


def runner(scoreboard: int, folder: Path) -> psutil.Process:
    """What a scoreboard has started to run a port."""
    children = psutil.Process(scoreboard).children()
    return next(child for child in children if str(folder) in child.cmdline())


@pytest.mark.slow
def test_a_report_of_the_ports_own_making_is_not_believed(make: Make, tmp_path: Path) -> None:
    report = ("--json", tmp_path / REPORT)
    run = run_command("conformance", "run", make("honest"), *CASES, *report)
    assert run.returncode == ExitCode.PASS
    job = Job("forger", (), "", tmp_path)
    job.log.write_text("")
    row = row_of(Ended(job, How.BY_ITSELF, -signal.SIGKILL, 1.0), 60.0)
    assert row.ending is Ending.NO_REPORT
    assert row.why.startswith("its report says 0, but its run was ended by SIGKILL")


@pytest.mark.slow
def test_a_hostile_name_is_text(make: Make) -> None:
    name = "a\x1b[31m<b>"
    folder = make(name)
    run = scoreboard(folder)
    assert run.returncode == ExitCode.PASS
    assert "\x1b" not in run.stdout + run.stderr
    assert "a\\x1b[31m<b>" in run.stdout


@pytest.mark.slow
def test_a_name_that_looks_like_an_option_is_a_name(make: Make) -> None:
    run = subprocess.run(
        command((*CASES, "--no-speed", "--json", "-", "--", "--help")),
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert rows_of(run)["--help"]["why"].startswith("there is no folder '--help'")


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_a_program_that_is_run_as_it_is_has_a_row_of_its_own(make: Make) -> None:
    manifest = 'name = "q"\nlanguage = "C"\nkind = "program"\nrun = ["false"]\n'
    run = subprocess.run(
        command((make("program", "", manifest), "--no-speed", "--json", "-")),
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    row = rows_of(run)["program"]
    assert (row["kind"], row["ending"], row["passed"]) == ("program", "fail", 0)
    assert row["levels"] == []
    assert "crash" in row["log"][0]


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_variants_in_one_folder_are_never_built_at_once(make: Make) -> None:
    build = 'build = ["sh", "-c", "mkdir lock && sleep 1 && rmdir lock"]\n'
    folder = make("twins", "", MANIFEST + build + '[variants.other]\nname = "o"')
    run = scoreboard(folder, f"{folder}:other", "--jobs", "2", "--json", "-")
    assert [row["ending"] for row in rows_of(run).values()] == ["pass", "pass"]


def test_the_folder_of_a_port_is_that_of_its_variants() -> None:
    places = {place_of(p) for p in ("rust", "rust:float32", "ports_adapter/rust/port.toml")}
    assert places == {str(ROOT / "ports_adapter" / "rust")}


@pytest.mark.slow
def test_a_port_that_is_named_twice_is_run_once(make: Make) -> None:
    folder = make("one")
    run = scoreboard(folder, folder, "--json", "-")
    assert len(json.loads(run.stdout)["rows"]) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--case", "bakward/fresh-1"), "near are backward/fresh-1"),
        (("--profile", "train9"), "train9"),
        (("--jobs", "0"), "--jobs"),
        (("--timeout", "0"), "--timeout"),
        (("--history", "tests"), "is a directory"),
    ],
)
def test_a_wrong_command_line_is_refused_before_any_port_is_run(
    arguments: tuple[str, ...], message: str
) -> None:
    run = subprocess.run(command(("js", *arguments)), cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == ExitCode.USAGE
    assert message in unwrapped(run.stderr)
    assert "Traceback" not in run.stderr
    assert "[1/1]" not in run.stderr


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_board_keeps_what_is_finished_and_leaves_no_process(
    make: Make, tmp_path: Path, number: signal.Signals
) -> None:
    ports = [make("honest"), make("slow", SLOW), make("later")]
    page, path, history = (tmp_path / name for name in ("b.html", "b.json", "h.jsonl"))
    run = subprocess.Popen(
        command((*ports, *CASES, "--no-speed", "--jobs", "1", "--json", path, "--html", page,
                 "--history", history)),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    pid = tmp_path / "slow" / "pid"
    while not pid.exists() or not pid.read_text():
        assert run.poll() is None
        time.sleep(0.05)
    children = psutil.Process(run.pid).children(recursive=True)
    assert len(children) >= 2
    run.send_signal(number)
    out, errors = run.communicate(timeout=60)
    assert run.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in errors
    assert "INTERRUPTED: 1 of 3 ports pass" in out
    board = json.loads(path.read_text())
    assert board["was_interrupted"]
    endings = {Path(row["label"]).name: row["ending"] for row in board["rows"]}
    assert endings == {"honest": "pass", "slow": "interrupted", "later": "not begun"}
    assert "what was finished when it was interrupted" in page.read_text()
    assert [Path(record.port).name for record in read_history(history)] == ["honest"]
    assert not psutil.wait_procs(children, timeout=5)[1]


@pytest.mark.needs("node")
@pytest.mark.slow
def test_speeds_are_measured_beside_the_reference_and_what_cannot_train_says_so(
    make: Make,
) -> None:
    run = subprocess.run(
        command(("python", make("small"), *CASES, "--json", "-")),
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    rows = rows_of(run)
    assert json.loads(run.stdout)["reference_step"] > 0
    assert rows["python"]["training"]["ratio"] > 1
    assert rows["python"]["training"]["step"] > 0
    assert rows["small"]["training"]["why"] == "it does not offer train"


@pytest.mark.slow
def test_an_interruption_while_speeds_are_measured_keeps_every_verdict(make: Make) -> None:
    manifest = 'name = "p"\nlanguage = "Python"\nrun = ["{python}", "-m", "microgpt_numpy"]\n'
    folder = make("quick", "", manifest)
    (folder / "microgpt_numpy").symlink_to(ROOT / "ports_adapter" / "python" / "microgpt_numpy")
    run = subprocess.Popen(
        command((folder, *CASES, "--json", "-")),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stderr
    assert "pass: 2/2 cases" in run.stderr.readline()
    time.sleep(0.5)
    run.send_signal(signal.SIGTERM)
    out, errors = run.communicate(timeout=60)
    assert run.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in errors
    (row,) = json.loads(out)["rows"]
    assert row["ending"] == "pass"
    assert row["training"]["why"] == "interrupted"


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


@pytest.mark.slow
def test_the_history_grows_by_a_record_for_each_port(make: Make, tmp_path: Path) -> None:
    folder, history = make("one"), tmp_path / "h.jsonl"
    scoreboard(folder, "--history", history)
    (folder / "port.py").write_text(port(WRONG))
    run = scoreboard(folder, "--history", history, "--json", "-")
    first, second = read_history(history)
    assert (first.ending, second.ending) == ("pass", "fail")
    assert first.patterns == ["tokenizer/words", "layers/linear-square"]
    row = rows_of(run)["one"]
    assert row["change"] == "was 2/2, is 1/2: layers newly fails"
    assert [point["passed"] for point in row["history"]] == [2, 1]


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


@pytest.mark.slow
def test_a_killed_writer_never_damages_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from tests.surveys.test_scoreboard import append_history, record\n"
        "print('go', flush=True)\n"
        "while True: append_history(Path(sys.argv[1]), [record(seed=n) for n in range(50)])\n"
    )
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert writer.stdout
        writer.stdout.readline()
        time.sleep(0.2)
        writer.kill()
        writer.wait()
        writer.stdout.close()
        assert len(read_history(path)) > 0
    append_history(path, [record(seed=99)])
    assert read_history(path)[-1].seed == 99


def test_rows_are_sorted_best_first() -> None:
    def row(label: str, ending: Ending, passed: int = 0, worst: float = 0.0) -> Row:
        return Row(label=label, ending=ending, passed=passed, worst=worst)

    rows = [
        row("exact", Ending.PASS, 10, 0.1), row("less exact", Ending.PASS, 10, 0.4),
        row("small", Ending.PASS, 3), row("nearly", Ending.FAIL, 9), row("hung", Ending.TIMEOUT, 4),
        row("broken", Ending.UNUSABLE), row("later", Ending.NOT_BEGUN),
    ]  # fmt: skip
    assert best_first([*rows[3:], *rows[:3]]) == rows


def test_a_level_whose_failures_are_all_known_is_not_failing() -> None:
    known = Cell(Level.LAYERS, Outcome.MISMATCH, 9, 10, 1, 3.0)
    counts = Cell(Level.FORWARD, Outcome.MISMATCH, 8, 10, 1, 3.0)
    assert Row(label="p", ending=Ending.FAIL, levels=[known, counts]).failing == [counts]


def test_a_sparkline_has_a_point_for_each_run() -> None:
    now = record(ending="fail", passed=0)
    row = with_history(Row(label="p", ending=Ending.FAIL), now, [record(), record()])
    line = sparkline_of(row.history)
    assert line
    assert line.points == "4,4 56,4 108,24"
    assert line.words == "3 runs since 2026-01-01: 23/23, 23/23, 0/23 passed"
    assert sparkline_of([]) is None
