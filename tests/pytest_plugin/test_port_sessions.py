"""`pytest --port`: which cases are asked, with which options, by how many workers."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import wait_for_marks
from tests.support.port_sessions import (
    LINEAR,
    PLUGIN,
    SEED,
    TWO,
    WORDS,
    WRONG,
    ask,
    change,
    elsewhere,
)
from tests.support.ports.broken import SLOW
from tests.support.suite import living


@pytest.mark.slow
def test_only_the_cases_of_the_port_are_collected(folder: Path) -> None:
    run = ask(folder, *TWO, "-v", "-s")
    assert f"port.toml::{WORDS} PASSED" in run.stdout
    assert "2 passed" in run.stdout
    assert "test_own" not in run.stdout


@pytest.mark.slow
def test_named_files_are_run_in_place_of_the_cases_and_know_the_port(folder: Path) -> None:
    own = "def test_own(request):\n    assert request.config.getoption('--port') == '.'\n"
    (folder / "test_own.py").write_text(own)
    run = ask(folder, "test_own.py", "-v")
    assert "test_own.py::test_own PASSED" in run.stdout
    assert "1 passed" in run.stdout


@pytest.mark.slow
def test_a_case_is_chosen_by_its_id_and_the_port_lives_on_after_its_goodbye(folder: Path) -> None:
    ids = ("port.toml::protocol/shutdown", f"port.toml::{WORDS}", f"port.toml::{LINEAR}")
    run = ask(folder, "-v", *ids)
    assert "3 passed" in run.stdout, run.stdout
    assert run.stdout.index("shutdown PASSED") < run.stdout.index("words PASSED")


@pytest.mark.slow
@pytest.mark.parametrize("option", ["-k", "-m"])
def test_a_level_is_chosen_by_keyword_and_by_marker(folder: Path, option: str) -> None:
    run = ask(folder, option, "backward", "--collect-only", "-q", "--strict-markers")
    ids = [line for line in run.stdout.splitlines() if "::" in line]
    assert len(ids) > 10, run.stdout
    assert all(line.startswith("port.toml::backward/") for line in ids)


@pytest.mark.needs("shell")
@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("arguments", "manifest", "message"),
    [
        (("--port", "no-such-port", "-n", "2"), "", "there is no folder 'no-such-port'"),
        (("-n", "2"), "build = ['false']", "the build ended with 1: `false`"),
        ((), "nmae = 'x'", "unknown key nmae; did you mean name?"),
        ((), "build = ['false']", "the build ended with 1: `false`"),
        ((), "build = ['./absent']", "the build command cannot be run"),
        ((), "kind = 'program'", "it is asked no cases"),
        (("--port-case", "backwrad"), "", "no case matches backwrad; near are"),
        (("--port-profile", "train9"), "", "train9"),
        (("--port-set", "n_embd=0"), "", "n_embd"),
        (("--port-baseline", "absent.toml"), "", "absent.toml does not exist"),
        (("--port-baseline", "b.toml", "--port-no-baseline"), "", "excludes --port-baseline"),
        (("--port-seed", "-1"), "", "--port-seed: invalid"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_message(
    folder: Path, arguments: tuple[str, ...], manifest: str, message: str
) -> None:
    change(folder, "", manifest)
    run = ask(folder, *arguments)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert message in run.stderr
    assert "Traceback" not in run.stdout
    assert len(run.stderr.splitlines()) < 8


STAGE = """
def stage(r): introduce(r, methods=["tokenize", "random", "replicate"], profiles=["train0"])
HANDLERS["initialize"] = stage
"""


@pytest.mark.slow
def test_a_port_is_asked_about_the_last_stage_that_it_offers(folder: Path) -> None:
    run = ask(change(folder, STAGE), "--collect-only", "-q", "-n", "0")
    assert "replicate/" in run.stdout
    assert "adam/" not in run.stdout


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_the_seed_is_drawn_and_printed_and_workers_share_it_and_the_stage(folder: Path) -> None:
    change(folder, STAGE, "build = ['sh', '-c', 'echo built >> log']")
    seeds = set()
    for workers in "20":
        run = ask(folder, "-n", workers, "--port-case", "tokenizer/fresh", seed=())
        assert "1 passed" in run.stdout, run.stdout
        (header,) = [line for line in run.stdout.splitlines() if line.startswith("port: ")]
        assert "profile train0" in header
        seeds.add(header.rpartition(" ")[2])
    assert len(seeds) == 2
    assert (folder / "log").read_text() == "built\n" * 2


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGINT, "0"), (signal.SIGTERM, "0"), (signal.SIGINT, "2")]
)
def test_an_interrupted_session_leaves_no_process(
    folder: Path, number: signal.Signals, workers: str
) -> None:
    change(folder, SLOW)
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", *PLUGIN, *SEED, "--port", ".", "-n", workers, *TWO],
        cwd=folder, env=elsewhere(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for_marks(run, folder)
    run.send_signal(number)
    output, _ = run.communicate(timeout=60)
    assert run.returncode == pytest.ExitCode.INTERRUPTED, output
    assert not living(folder)


@pytest.mark.slow
def test_stopping_at_the_first_failure_leaves_no_process(folder: Path) -> None:
    change(folder, "open('pid', 'w').write(str(os.getpid()))\n" + WRONG)
    run = ask(folder, "-x", *TWO)
    assert "1 failed" in run.stdout
    assert not living(folder)


@pytest.mark.slow
@pytest.mark.needs("node")
def test_a_port_without_a_manifest_is_asked_by_what_it_is_recognised_by(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "bare", "main": "port.js"}')
    (tmp_path / "port.js").write_text("process.exit(3)")
    run = ask(tmp_path, "--port-case", "protocol/initialize")
    assert "FAILED package.json::protocol/initialize - Failed: crash: the port exited" in run.stdout
