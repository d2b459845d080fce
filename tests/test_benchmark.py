"""`make bench`: ports and the reference side by side, as a table, as JSON, and as a plot."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from conformance.benchmark.measuring import Speed, measure_port
from conformance.benchmark.report import show, write_plot

from .conftest import ROOT, MakePort, oracle_port
from .test_readme import block

SPEEDS = [
    Speed("slow", start_up=0.2, step=0.1, memory=200 << 20),
    Speed("<script>fast", start_up=0.01, step=0.001, memory=2 << 20),
    Speed("absent", why="left out: swift is not installed"),
]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "conformance", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_port_is_measured_beside_the_reference(tmp_path: Path) -> None:
    page = tmp_path / "bench.html"
    ended = bench("js", "--json", "--html", str(page))
    assert ended.returncode == 0, ended.stderr
    speeds = json.loads(ended.stdout)
    assert [s["name"] for s in speeds] == ["js", "the reference", "the reference, on its tape"]
    assert all(s["step"] > 0 and s["memory"] > 1 << 20 and s["start_up"] >= 0 for s in speeds)
    by_name = {s["name"]: s["step"] for s in speeds}
    assert by_name["the reference, on its tape"] < by_name["the reference"]
    assert page.stat().st_size > 1 << 20


def test_memory_is_that_of_the_port_and_not_of_the_suite() -> None:
    assert measure_port(oracle_port("--tape")).memory > 30 << 20


def test_the_table_has_the_fastest_first_and_names_what_was_left_out() -> None:
    out = io.StringIO()
    show(SPEEDS, Console(file=out, width=100))
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["port", "<script>fast", "slow", "absent:"]
    assert "1,000" in lines[1]
    assert lines[3] == "absent: left out: swift is not installed"


def test_the_plot_opens_offline_and_quotes_names(tmp_path: Path) -> None:
    write_plot(SPEEDS, tmp_path / "plot.html")
    page = (tmp_path / "plot.html").read_text()
    assert "<script>fast" not in page
    assert 'script src="http' not in page


@pytest.mark.parametrize("port", ["no-such-port", "tests"])
def test_a_port_that_is_none_is_said_to_be_none(port: str) -> None:
    ended = bench(port)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith("conformance: ")


def test_a_port_that_cannot_train_fails_the_comparison(tmp_path: Path) -> None:
    (tmp_path / "port.toml").write_text(block("toml"))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "port.js").write_text(block("js"))
    ended = bench(str(tmp_path))
    assert ended.returncode == 3
    assert "it does not offer train" in ended.stdout


def test_a_port_that_dies_is_no_traceback(tmp_path: Path, make_port: MakePort) -> None:
    make_port("raise SystemExit(3)")
    (tmp_path / "port.toml").write_text(
        f'name = "x"\nlanguage = "Python"\nrun = ["{sys.executable}", "port.py"]'
    )
    ended = bench(str(tmp_path))
    assert ended.returncode == 3
    assert "exited with code 3" in ended.stdout
    assert "Traceback" not in ended.stderr
