"""A run that was ended goes on from its journal, and never from another's."""

import json
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conformance.cases.request import Request, Shard, Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.runs.running import judge_port
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.manifest import Port
from tests.support.command import conformance, started
from tests.support.ports.broken import folder_of, offering, port
from tests.support.suite import MakePort, outcomes, python_port, run_suite

ASKED = ("protocol", "tokenizer", "layers")

COUNTING = """
def counted(r):
    open("asked", "a").write("x")
    tokenize(r)
HANDLERS["tokenize"] = counted
"""


def resumed(made: Port, journal: Path, **changes: Any) -> Report:
    return judge_port(made, replace(Request(made.label, ASKED, 1, journal=journal), **changes))


def cut(journal: Path, lines: int, tail: bytes = b"") -> None:
    content = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(content[:lines]) + tail)


@pytest.fixture
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere") / "run.journal"


class Finished(NamedTuple):
    """An honest port, the journal of a whole run of it, and the report."""

    port: Port
    journal: bytes
    report: Report


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder, journal = tmp_path_factory.mktemp("port"), tmp_path_factory.mktemp("run") / "journal"
    (folder / "port.py").write_text(port(""))
    made = python_port(folder, "port.py")
    report = resumed(made, journal)
    return Finished(made, journal.read_bytes(), report)


def test_a_run_with_a_journal_is_the_run_without(finished: Finished) -> None:
    assert outcomes(finished.report) == outcomes(run_suite(finished.port, *ASKED))
    assert finished.report.exit_code is ExitCode.PASS


def test_what_was_finished_is_not_asked_again(make_port: MakePort, journal: Path) -> None:
    made = make_port(port(COUNTING))
    asked = made.folder.parent / "asked"
    counting = COUNTING.replace('"asked"', repr(str(asked)))
    made = make_port(port(counting), sandbox=Sandbox.NEVER)  # what it writes is no change of it
    whole = resumed(made, journal)
    before = asked.stat().st_size
    cut(journal, 10, b'{"line":"case","case":{"slug":"tok')  # as a killed run leaves it
    again = resumed(made, journal)
    finished = 8  # of the ten lines two are no results
    assert asked.stat().st_size - before == sum(
        case.method == "tokenize" for case in whole.cases[finished:]
    )
    assert outcomes(again) == outcomes(whole)
    assert again.verdict == whole.verdict
    assert again.port == whole.port


def test_a_finished_run_is_reported_again_without_the_port(
    finished: Finished, journal: Path
) -> None:
    journal.write_bytes(finished.journal)
    assert resumed(finished.port, journal) == finished.report


@pytest.mark.slow
def test_the_seed_is_the_one_that_the_run_was_begun_with(
    make_port: MakePort, journal: Path
) -> None:
    made = make_port(port(""))
    first = resumed(made, journal, seed=None)
    cut(journal, 12)
    assert resumed(made, journal, seed=None).seed == first.seed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"seed": 2}, "its seed is 1, not 2"),
        ({"patterns": ("tokenizer",)}, "its patterns is"),
        ({"shard": Shard(1, 2)}, "its shard is none, not 1/2"),
        ({"profile": "train0"}, "its asked for is None, not train0"),
    ],
)
def test_the_journal_of_another_run_is_refused(
    finished: Finished, journal: Path, changes: dict[str, object], why: str
) -> None:
    made, content, _ = finished
    journal.write_bytes(content)
    with pytest.raises(Unusable, match=why) as refused:
        resumed(made, journal, **changes)
    assert refused.value.exit_code is ExitCode.USAGE


def test_a_port_that_was_changed_does_not_go_on(make_port: MakePort, journal: Path) -> None:
    resumed(make_port(port("")), journal)
    with pytest.raises(Unusable, match="the port's files have changed since"):
        resumed(make_port(port("X = 1")), journal)


def test_a_journal_in_the_ports_folder_is_no_change_of_it(make_port: MakePort) -> None:
    made = make_port(port(""))
    path = made.folder / "run.journal"
    assert resumed(made, path) == resumed(made, path)


@pytest.mark.parametrize("line", [b"oops\n", b"{}\n", b'{"line":"case","case":{}}\n', b"\xff\n"])
def test_a_damaged_line_is_named_and_nothing_is_lost(
    finished: Finished, journal: Path, line: bytes
) -> None:
    made, content, _ = finished
    journal.write_bytes(content)
    cut(journal, 5, line)
    damaged = journal.read_bytes()
    with pytest.raises(Unusable, match=r"run\.journal:6 is no line of a journal"):
        resumed(made, journal)
    assert journal.read_bytes() == damaged


@pytest.mark.slow
def test_a_port_of_an_earlier_stage_goes_on_with_that(make_port: MakePort, journal: Path) -> None:
    made = make_port(offering("profiles=['train1', 'train3']"))
    whole = resumed(made, journal)
    assert whole.profile == "train3"
    cut(journal, 9)
    again = resumed(made, journal)
    assert (again.profile, outcomes(again)) == ("train3", outcomes(whole))


@pytest.mark.slow
def test_a_runner_that_is_killed_goes_on_to_the_same_report(tmp_path: Path, journal: Path) -> None:
    slow = """
    def slowly(r):
        time.sleep(0.2)
        tokenize(r)
    HANDLERS["tokenize"] = slowly
    """
    folder = folder_of(tmp_path / "port", slow)
    cases = [word for pattern in ASKED for word in ("--case", pattern)]
    command = ("run", str(folder), "--seed", "1", *cases, "--resume", str(journal), "--json", "-")
    runner = started(*command)
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.read_bytes().count(b"\n") > 8):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    runner.send_signal(signal.SIGKILL)
    assert runner.communicate()[1] == ""
    assert runner.returncode == -signal.SIGKILL
    done = conformance(*command)
    assert done.returncode == ExitCode.PASS
    ended = {case["slug"]: case["outcome"] for case in json.loads(done.stdout)["cases"]}
    assert ended == outcomes(run_suite(str(folder), *ASKED))
