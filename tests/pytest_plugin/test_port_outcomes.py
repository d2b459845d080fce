"""`pytest --port`: a port's cases as tests, with the outcomes of the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from junitparser.xunit2 import JUnitXml, TestCase

from tests.support.command import run as run_command
from tests.support.port_sessions import (
    CRASHING,
    LINEAR,
    PLUGIN,
    SEED,
    TWO,
    WORDS,
    WRONG,
    ask,
    change,
    known,
)

pytestmark = pytest.mark.slow

PRELOADED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""The server of commands has imported plugins, which pytest would otherwise rewrite."""


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


@pytest.mark.thorough
def test_every_case_ends_as_on_the_command_line_for_an_honest_port_and_two_workers(
    tmp_path: Path,
) -> None:
    report = tmp_path / "junit.xml"
    words = ("--port", "python", "-n", "2", "--junitxml", str(report), *PRELOADED)
    run = run_command("pytest", *PLUGIN, *SEED, *words)
    assert run.returncode == 0, run.stdout
    assert standings(report) == on_the_command_line("python")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("source", [CRASHING, "sys.exit(3)"], ids=["crashes", "starts not"])
def test_every_case_ends_as_on_the_command_line_for_a_broken_port(
    folder: Path, source: str
) -> None:
    change(folder, source)
    known(folder, f"slug = '{WORDS}'\noutcome = 'crash'", f"slug = '{LINEAR}'\noutcome = 'error'")
    run = ask(folder, "--junitxml", "junit.xml", "--deselect", "port.toml::baseline")
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "Traceback" not in run.stdout
    assert standings(folder / "junit.xml") == on_the_command_line(str(folder))


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


def test_a_mismatch_has_its_place_what_is_expected_and_the_rerun(folder: Path) -> None:
    run = ask(change(folder, WRONG), "--port-case", WORDS)
    assert "mismatch: /characters/0: expected 'a', got nothing" in run.stdout
    assert "  at /characters/0\n    expected 'a'\n    got      nothing\n" in run.stdout
    assert f"  run it again:\n  make conform PORT=. CASE={WORDS} ARGS='--seed 1'\n" in run.stdout


def test_what_is_not_offered_is_skipped_with_the_reason(folder: Path) -> None:
    run = ask(folder, *TWO, "--port-case", "adam/cold-step-1", "-rs")
    assert run.returncode == 0
    assert "the port does not offer adam" in run.stdout
    assert "2 passed, 1 skipped" in run.stdout


@pytest.mark.sampled(1)
@pytest.mark.parametrize("chosen", [("-k", "protocol"), ("-k", "adam or sample"), ("-n", "2")])
def test_nothing_verified_is_never_green(folder: Path, chosen: tuple[str, ...]) -> None:
    change(folder, "HANDLERS['initialize'] = lambda r: introduce(r, methods=[])")
    run = ask(folder, *chosen, "--port-case", "protocol", "--port-case", "adam",
              "--port-case", "sample")  # fmt: skip
    assert "failed" not in run.stdout
    assert run.returncode == 5
    assert "NOTHING VERIFIED: no case beyond the protocol" in run.stdout


def test_known_failures_alone_verify_nothing(folder: Path) -> None:
    known(change(folder, WRONG), "slug = 'tokenizer'\noutcome = 'mismatch'")
    run = ask(folder, "--port-case", WORDS)
    assert run.returncode == 5
    assert "1 passed, 1 xfailed" in run.stdout  # the baseline's own test passes


ENTRY = f"slug = '{WORDS}'\noutcome = 'mismatch'"


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


def test_without_the_baseline_a_known_failure_fails(folder: Path) -> None:
    known(change(folder, WRONG), ENTRY)
    (folder / "baseline.toml").rename(folder / "other.toml")
    assert "1 xfailed" in ask(folder, *TWO, "--port-baseline", "other.toml").stdout
    (folder / "other.toml").rename(folder / "baseline.toml")
    assert "1 failed, 1 passed" in ask(folder, *TWO, "--port-no-baseline").stdout
    assert "1 failed, 2 passed" in ask(folder, *TWO, "--runxfail").stdout


def test_a_fault_of_the_suite_is_an_error_and_no_failure(folder: Path) -> None:
    (folder / "faulty.py").write_text(
        "import conformance.judging.stream_judge as j\nj.compare = None\n"
    )
    run = ask(folder, "-p", "faulty", *TWO, "--junitxml", "junit.xml")
    assert "2 errors" in run.stdout.splitlines()[-1]
    assert "suite fault: TypeError" in run.stdout
    assert JUnitXml.fromfile(str(folder / "junit.xml")).errors == 2
