"""The zoo: every animal is in its right outcome, and the keeper would see it if it were not."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from conformance.judging.outcome import ExitCode
from tests.support.suite import ROOT
from tests.zoo import ANIMALS, HOUSES, keeper
from tests.zoo.animal import WORDS, Animal
from tests.zoo.containment import is_contained
from tests.zoo.keeper import SECRET, Run, indecencies, visit
from tests.zoo.leftovers import MARK, differing, left_processes, listing, told
from tests.zoo.page import page, summary


@pytest.mark.sampled(5)
@pytest.mark.slow
@pytest.mark.parametrize("animal", ANIMALS.values(), ids=ANIMALS)
def test_every_animal_is_in_its_right_outcome(animal: Animal, tmp_path: Path) -> None:
    if animal.needs_containment and not is_contained():
        pytest.skip("it could do harm, and ports are not contained here")
    assert visit(animal, tmp_path / "den").complaints == ()


def test_no_two_animals_have_the_same_name() -> None:
    assert sum(len(house.ANIMALS) for house in HOUSES) == len(ANIMALS)


def test_the_page_lists_every_animal_and_none_that_is_gone() -> None:
    rows = (ROOT / "docs/reference/zoo.md").read_text().split("\n| `")[1:]
    assert [row.partition("`")[0] for row in rows] == list(ANIMALS)


def test_an_animal_that_has_not_been_run_is_on_the_page_as_such() -> None:
    animal = ANIMALS["silent"]
    assert f"| `silent` | {animal.does} | not run here | |" in page([animal], {})
    assert summary([animal], {}) == (
        "1 programs, 0 in their right outcome, 1 not run: they need containment."
    )


@pytest.fixture
def visitor() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


LISTENER = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); time.sleep(60)"


@pytest.mark.slow
def test_an_animal_in_another_outcome_is_reported(tmp_path: Path) -> None:
    animal = replace(
        ANIMALS["early-exit"], outcome="timeout", exit_code=ExitCode.PASS, says="out of luck"
    )
    found = visit(animal, tmp_path / "den")
    exit_code, outcome, message = found.complaints
    assert exit_code == "exit code 1, where 0 is right"
    assert outcome.startswith("tokenizer/words is crash, where timeout is right: the port exited")
    assert message.startswith("'out of luck' is not in 'the port exited")
    assert found.outcome == "crash"


@pytest.mark.slow
def test_a_run_that_does_not_end_is_ended_and_reported(tmp_path: Path) -> None:
    animal = replace(ANIMALS["silent"], message=60.0, within=2.5)
    complaints = visit(animal, tmp_path / "den").complaints
    assert "the run did not end within 2.5 s" in complaints


def test_what_is_left_behind_is_reported_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visitor: list[subprocess.Popen[bytes]]
) -> None:
    def untidy(_animal: Animal, den: Path) -> Run:
        visitor.append(subprocess.Popen([sys.executable, "-c", LISTENER], cwd=den / "port"))
        (den / "tmp" / "crumbs").write_text("left")
        (den / "beside").write_text("changed")
        (den / "home" / ".ssh" / "id_ed25519").unlink()
        while "listening on" not in told(psutil.Process(visitor[0].pid)):
            time.sleep(0.01)
        return Run(0, "", {"cases": [], "verdict": "", "seed": 1}, 0.0)

    monkeypatch.setattr(keeper, "run_suite_on", untidy)
    monkeypatch.setattr("tests.zoo.leftovers.PATIENCE", 0.1)
    complaints = visit(replace(ANIMALS["thoughtful"], asked=()), tmp_path / "den").complaints
    assert complaints[-3:] == (
        "beside was changed", "home/.ssh/id_ed25519 was removed", "tmp/crumbs was left behind",
    )  # fmt: skip
    assert any("listening on" in complaint for complaint in complaints)
    assert visitor[0].wait(10) != 0


@pytest.mark.parametrize("trace", ["environment", "folder", "note"])
def test_a_process_of_an_animal_is_known_by_each_of_its_traces(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    visitor: list[subprocess.Popen[bytes]],
    trace: str,
) -> None:
    monkeypatch.setattr("tests.zoo.leftovers.PATIENCE", 0.1)
    (tmp_path / "port").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        cwd=tmp_path if trace == "folder" else "/",
        env={MARK: str(tmp_path)} if trace == "environment" else {},
    )
    visitor.append(process)
    if trace == "note":
        (tmp_path / "port" / "pids").write_text(f"{process.pid}\n")
    since = psutil.Process(process.pid).create_time()
    assert [left.pid for left in left_processes(tmp_path, since)] == [process.pid]
    process.kill()
    process.wait()
    assert left_processes(tmp_path, since) == []


def test_a_ports_own_files_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "port").mkdir()
    before = listing(tmp_path)
    (tmp_path / "port" / "cache").write_text("mine")
    assert differing(before, listing(tmp_path)) == []


@pytest.mark.parametrize(
    ("printed", "complaint"),
    [
        ("\x1b[2J", "raw"),
        ("a\rb", "raw"),
        ("  ::error::x", "a workflow command"),
        ("| ##[error]x", "a workflow command"),
        ("PASS: 163 of 163 cases passed.", "a forged verdict"),
        ("Traceback (most recent call last):", "a traceback"),
        (f"| {SECRET}", "the keeper's secret was told"),
        ("x" * 20_000, "a line of 20000 characters"),
    ],
)
def test_what_must_not_be_printed_is_reported(printed: str, complaint: str) -> None:
    run = Run(1, f"my port\n{printed}\nFAIL: 1 of 2 cases passed. Seed 1.\n", VERDICT, 0.0)
    (found,) = indecencies(run)
    assert found.startswith(complaint)


VERDICT = {"verdict": "FAIL: 1 of 2 cases passed", "seed": 1, "cases": []}


def test_the_suites_own_verdict_is_no_forgery() -> None:
    assert not list(indecencies(Run(1, "FAIL: 1 of 2 cases passed. Seed 1.\n", VERDICT, 0.0)))


def test_someone_at_the_keepers_door_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def calling(_animal: Animal, den: Path) -> Run:
        import socket

        socket.create_connection(("127.0.0.1", int((den / "port" / "door").read_text()))).close()
        return Run(0, "", {"cases": [], "verdict": "", "seed": 1}, 0.0)

    monkeypatch.setattr(keeper, "run_suite_on", calling)
    complaints = visit(replace(ANIMALS["thoughtful"], asked=()), tmp_path / "den").complaints
    assert "somebody came through the keeper's door" in complaints


@pytest.mark.slow
def test_the_command_says_who_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from tests.zoo import __main__ as command

    wrong = replace(ANIMALS["early-exit"], outcome="timeout", says="")
    monkeypatch.setitem(ANIMALS, "early-exit", wrong)
    result = CliRunner().invoke(command.main, ["early-exit", "thoughtful"])
    assert result.exit_code == 1
    assert "2 programs, 1 in their right outcome." in result.output
    assert f"early-exit:\n  {WORDS} is crash, where timeout is right" in result.output
    assert CliRunner().invoke(command.main, ["unicorn"]).exit_code == 2
