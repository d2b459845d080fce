"""`make bench`: ports and the reference side by side, as a table, as JSON, and as a plot."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from conformance.cases import all_cases
from conformance.surveys.benchmark import measurement
from conformance.surveys.benchmark.measurement import Speed, measure_port
from conformance.surveys.benchmark.speed_table import show
from ports_adapter.messages import METHODS
from tests.benchmarks.bench_port import REPRESENTATIVE, TAPED
from tests.house.test_documents import small_port
from tests.support.command import conformance
from tests.support.command import run as run_command
from tests.support.ports.broken import folder_of
from tests.support.suite import oracle_port, printed

SPEEDS = [
    Speed("slow", start_up=0.2, step=0.1, memory=200 << 20),
    Speed("<script>fast", start_up=0.01, step=0.001, memory=2 << 20),
    Speed("absent", why="left out: swift is not installed"),
]


def groups(*arguments: str) -> subprocess.CompletedProcess[str]:
    words = ["tests/benchmarks/bench_port.py", "-p", "no:xdist", "-p", "no:cacheprovider"]
    words += ["-W", "ignore::pytest.PytestAssertRewriteWarning", "--port"]
    # In a worker of pytest-xdist nothing is timed, and these are not its children.
    environment = {name: v for name, v in os.environ.items() if "XDIST" not in name}
    return run_command("pytest", *words, *arguments, env=environment)


@pytest.mark.thorough
def test_every_method_of_a_port_can_be_timed_beside_the_reference() -> None:
    ended = groups("python", "--benchmark-disable", "-k", "not reference or not replicate")
    assert ended.returncode == 0, ended.stdout
    assert f"{3 * len(TAPED) + 2 * (len(REPRESENTATIVE) - len(TAPED)) - 1} passed" in ended.stdout


@pytest.mark.slow
def test_a_method_is_a_group_with_the_port_and_the_reference_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.json"
    quick = ("--benchmark-max-time=0", "--benchmark-min-rounds=1", "--benchmark-warmup=off")
    ended = groups("python", *quick, f"--benchmark-json={path}", "-k", "forward or softmax")
    assert ended.returncode == 0, ended.stdout
    timed = [(b["group"], b["name"]) for b in json.loads(path.read_text())["benchmarks"]]
    assert sorted(timed) == [
        ("forward", "test_port[forward]"),
        ("forward", "test_reference[forward]"),
        ("forward", "test_tape[forward]"),
        ("softmax", "test_port[softmax]"),
        ("softmax", "test_reference[softmax]"),
    ]


@pytest.mark.slow
def test_every_method_of_the_published_program_has_its_case() -> None:
    cases = {case.slug: case.method for case in all_cases(0, "float64")}
    assert {cases[slug] for slug in REPRESENTATIVE.values()} == set(REPRESENTATIVE)
    assert set(METHODS) - set(REPRESENTATIVE) == {"initialize", "shutdown", "sgd"}


@pytest.mark.slow
@pytest.mark.needs("node")
def test_a_method_that_is_not_offered_is_left_out(tmp_path: Path) -> None:
    ended = groups(
        str(small_port(tmp_path)), "--benchmark-disable", "-rs", "-k", "softmax or backward"
    )
    assert "2 passed, 3 skipped" in ended.stdout, ended.stdout
    assert "the port does not offer backward" in ended.stdout


@pytest.mark.slow
@pytest.mark.needs("node")
def test_a_port_is_measured_beside_the_reference(tmp_path: Path) -> None:
    page = tmp_path / "bench.html"
    ended = conformance("bench", "js", "--json", "--html", str(page))
    assert ended.returncode == 0, ended.stderr
    speeds = json.loads(ended.stdout)
    assert [s["name"] for s in speeds] == ["js", "the reference", "the reference, on its tape"]
    assert all(s["step"] > 0 and s["memory"] > 1 << 20 and s["start_up"] >= 0 for s in speeds)
    by_name = {s["name"]: s["step"] for s in speeds}
    assert by_name["the reference, on its tape"] < by_name["the reference"]
    assert "<title>Benchmark" in page.read_text()


@pytest.mark.slow
def test_memory_is_that_of_the_port_and_not_of_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "SECONDS", 0.1)
    assert measure_port(oracle_port("--tape")).memory > 30 << 20


def test_the_table_has_the_fastest_first_and_names_what_was_left_out() -> None:
    lines = printed(show, SPEEDS).splitlines()
    assert [line.split()[0] for line in lines] == ["port", "<script>fast", "slow", "absent:"]
    assert "1,000" in lines[1]
    assert lines[3] == "absent: left out: swift is not installed"


@pytest.mark.slow
@pytest.mark.parametrize("port", ["no-such-port", "tests"])
def test_a_port_that_is_none_is_said_to_be_none(port: str) -> None:
    ended = conformance("bench", port)
    assert ended.returncode == 2
    assert "\nconformance: " in ended.stderr


@pytest.mark.slow
@pytest.mark.needs("node")
def test_ports_that_cannot_train_or_die_fail_the_comparison_without_a_traceback(
    tmp_path: Path,
) -> None:
    folder_of(tmp_path, "sys.exit(3)")
    (tmp_path / "small").mkdir()
    ended = conformance("bench", str(tmp_path), str(small_port(tmp_path / "small")))
    assert ended.returncode == 3
    assert "exited with code 3" in ended.stdout
    assert "it does not offer train" in ended.stdout
