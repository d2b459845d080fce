"""`pytest --port`: a port's cases as tests, with the outcomes of the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from junitparser.xunit2 import JUnitXml, TestCase

from tests.support.command import run as run_command
from tests.support.ports.broken import SLOW, port
from tests.support.suite import ROOT, living

WRONG = "def wrong(r): reply(r, {'characters': [], 'vocab_size': 1, 'tokens': []})\n"
WRONG += "HANDLERS['tokenize'] = wrong"
CRASHING = "def crash(r): sys.stderr.write('boo'); sys.exit(7)\nHANDLERS['tokenize'] = crash"
WORDS, LINEAR = "tokenizer/words", "layers/linear-square"
TWO = ("--port-case", WORDS, "--port-case", LINEAR)


def command(*arguments: str) -> list[str]:
    return [
        sys.executable, "-m", "pytest", "-p", "conformance.pytest_plugin",
        "-p", "no:cacheprovider", "--port-seed", "1", *arguments,
    ]  # fmt: skip


def ask(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Pytest in the port's own repository, which knows nothing of the suite."""
    _, _, module, *words = command("--port", ".", *arguments)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return run_command(module, *words, cwd=folder, env=environment)


def standings(path: Path) -> dict[str, str]:
    """How each test of a JUnit report ended, in the suite's words."""
    said = {}
    for case in (case for suite in JUnitXml.fromfile(str(path)) for case in suite):
        assert isinstance(case, TestCase)
        properties: Any = case.properties  # untyped
        of = {each.name: each.value for each in properties()}
        said[case.name] = f"{of['outcome']}, {of['standing']}"
    return said


def on_the_command_line(folder: str) -> dict[str, str]:
    run = run_command("conformance", "run", folder, "--seed", "1", "--json", "-")
    cases = json.loads(run.stdout)["cases"]
    return {case["slug"]: f"{case['outcome']}, {case['standing']}" for case in cases}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An honest port in a repository with a test of its own."""
    return change(tmp_path, "")


def change(folder: Path, source: str, manifest: str = "") -> Path:
    (folder / "port.py").write_text(port(source))
    (folder / "port.toml").write_text(
        f'name = "mine"\nlanguage = "Python"\nrun = ["{{python}}", "port.py"]\n{manifest}'
    )
    (folder / "test_own.py").write_text("def test_own(request):\n    print('my own test runs')\n")
    return folder


def known(folder: Path, *entries: str) -> None:
    text = "".join(f"[[known]]\n{entry}\nreason = 'issue 7'\n" for entry in entries)
    (folder / "baseline.toml").write_text(text)


@pytest.mark.thorough
@pytest.mark.slow
def test_every_case_ends_as_on_the_command_line_for_an_honest_port_and_two_workers(
    tmp_path: Path,
) -> None:
    report = tmp_path / "junit.xml"
    run = subprocess.run(
        command("--port", "python", "-n", "2", "--junitxml", str(report)),
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert standings(report) == on_the_command_line("python")


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("source", [CRASHING, "sys.exit(3)"], ids=["crashes", "starts not"])
def test_every_case_ends_as_on_the_command_line_for_a_broken_port(
    folder: Path, source: str
) -> None:
    change(folder, source)
    known(folder, f"slug = '{WORDS}'\noutcome = 'crash'", f"slug = '{LINEAR}'\noutcome = 'error'")
    run = ask(folder, "--junitxml", "junit.xml", "--deselect", "port.toml::baseline")
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "Traceback" not in run.stdout + run.stderr
    assert standings(folder / "junit.xml") == on_the_command_line(str(folder))


@pytest.mark.slow
def test_a_failure_reads_as_on_the_command_line(folder: Path) -> None:
    change(folder, CRASHING)
    asked = ("run", ".", "--seed", "1", "--case", WORDS)
    told = run_command("conformance", *asked, cwd=folder).stdout
    failure = told.partition("First failure")[2].partition("\n\n")[0]
    run = ask(folder, "--port-case", WORDS)
    for line in failure.splitlines()[1:]:
        assert line.strip() in run.stdout
    assert "boo" in failure
    assert f"FAILED port.toml::{WORDS} - Failed: crash: the port exited" in run.stdout


@pytest.mark.slow
def test_a_mismatch_has_its_place_what_is_expected_and_the_rerun(folder: Path) -> None:
    run = ask(change(folder, WRONG), "--port-case", WORDS)
    assert "mismatch: /characters/0: expected 'a', got nothing" in run.stdout
    assert "  at /characters/0\n    expected 'a'\n    got      nothing\n" in run.stdout
    assert f"  run it again:\n  make conform PORT=. CASE={WORDS} ARGS='--seed 1'\n" in run.stdout


@pytest.mark.slow
def test_only_the_cases_of_the_port_are_collected(folder: Path) -> None:
    run = ask(folder, *TWO, "-v", "-s")
    assert f"port.toml::{WORDS} PASSED" in run.stdout
    assert "2 passed" in run.stdout
    assert "test_own" not in run.stdout


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


@pytest.mark.slow
def test_what_is_not_offered_is_skipped_with_the_reason(folder: Path) -> None:
    run = ask(folder, *TWO, "--port-case", "adam/cold-step-1", "-rs")
    assert run.returncode == 0
    assert "the port does not offer adam" in run.stdout
    assert "2 passed, 1 skipped" in run.stdout


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("chosen", [("-k", "protocol"), ("-k", "adam or sample"), ("-n", "2")])
def test_nothing_verified_is_never_green(folder: Path, chosen: tuple[str, ...]) -> None:
    change(folder, "HANDLERS['initialize'] = lambda r: introduce(r, methods=[])")
    run = ask(folder, *chosen, "--port-case", "protocol", "--port-case", "adam",
              "--port-case", "sample")  # fmt: skip
    assert "failed" not in run.stdout
    assert run.returncode == 5
    assert "NOTHING VERIFIED: no case beyond the protocol" in run.stdout


@pytest.mark.slow
def test_known_failures_alone_verify_nothing(folder: Path) -> None:
    known(change(folder, WRONG), "slug = 'tokenizer'\noutcome = 'mismatch'")
    run = ask(folder, "--port-case", WORDS)
    assert run.returncode == 5
    assert "1 passed, 1 xfailed" in run.stdout  # the baseline's own test passes


ENTRY = f"slug = '{WORDS}'\noutcome = 'mismatch'"


@pytest.mark.slow
@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("source", "entry", "counts", "words"),
    [
        (WRONG, ENTRY, "1 xfailed", "known failure: issue 7"),
        (WRONG, f"{ENTRY}\nwontfix = true", "1 xfailed", "wontfix: issue 7"),
        (WRONG, f"{ENTRY}\nflaky = true", "1 xfailed", "flaky: issue 7"),
        ("", f"{ENTRY}\nflaky = true", "3 passed", ""),
        ("", ENTRY, "1 failed", "stale: the baseline expects it to fail, and it passes"),
        (CRASHING, ENTRY, "1 failed", "different from the baseline: expected mismatch, got crash"),
        (WRONG, f"{ENTRY}\nat = '/tokens'", "1 failed", "expected mismatch at /tokens, got"),
        ("", "slug = 'tokenizer/gone'\noutcome = 'crash'", "1 failed", "that match no case"),
    ],
)
def test_the_baseline_counts_as_on_the_command_line(
    folder: Path, source: str, entry: str, counts: str, words: str
) -> None:
    known(change(folder, source), entry)
    run = ask(folder, *TWO, "-rA")
    assert counts in run.stdout.splitlines()[-1]
    assert words in run.stdout
    assert run.returncode == (1 if "failed" in counts.split() else 0)


@pytest.mark.slow
def test_without_the_baseline_a_known_failure_fails(folder: Path) -> None:
    known(change(folder, WRONG), ENTRY)
    (folder / "baseline.toml").rename(folder / "other.toml")
    assert "1 xfailed" in ask(folder, *TWO, "--port-baseline", "other.toml").stdout
    (folder / "other.toml").rename(folder / "baseline.toml")
    assert "1 failed, 1 passed" in ask(folder, *TWO, "--port-no-baseline").stdout
    assert "1 failed, 2 passed" in ask(folder, *TWO, "--runxfail").stdout


@pytest.mark.slow
def test_a_fault_of_the_suite_is_an_error_and_no_failure(folder: Path) -> None:
    (folder / "faulty.py").write_text(
        "import conformance.judging.stream_judge as j\nj.compare = None\n"
    )
    run = ask(folder, "-p", "faulty", *TWO, "--junitxml", "junit.xml")
    assert "2 errors" in run.stdout.splitlines()[-1]
    assert "suite fault: TypeError" in run.stdout
    assert JUnitXml.fromfile(str(folder / "junit.xml")).errors == 2


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
    assert "Traceback" not in run.stdout + run.stderr
    assert len(run.stderr.splitlines()) < 8


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_the_seed_is_drawn_and_printed_and_workers_share_it(folder: Path) -> None:
    change(folder, "", "build = ['sh', '-c', 'echo built >> log']")
    drawn = command("--port", ".", "-n", "2", "--port-case", "tokenizer/fresh")
    drawn.remove("--port-seed")
    drawn.remove("1")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    seeds = set()
    for _ in range(2):
        run = subprocess.run(
            drawn, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert "1 passed" in run.stdout, run.stdout
        (header,) = [line for line in run.stdout.splitlines() if line.startswith("port: ")]
        seeds.add(header.rpartition(" ")[2])
    assert len(seeds) == 2
    assert (folder / "log").read_text() == "built\n" * 2


@pytest.mark.slow
def test_a_port_is_asked_about_the_last_stage_that_it_offers(folder: Path) -> None:
    offer = "introduce(r, methods=['tokenize', 'random', 'replicate'], profiles=['train0'])"
    change(folder, f"HANDLERS['initialize'] = lambda r: {offer}")
    run = ask(folder, "--collect-only", "-q", "-n", "0")
    assert "replicate/" in run.stdout
    assert "adam/" not in run.stdout
    run = ask(folder, "-n", "2", *TWO[:2])
    assert "profile train0" in run.stdout
    assert "1 passed" in run.stdout


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
        command("--port", ".", "-n", workers, *TWO), cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    pid = folder / "pid"
    until = time.monotonic() + 60
    while not (pid.exists() and pid.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
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
