"""The README: what it shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from conformance.anatomy.levels import Level
from conformance.judging.outcome import ExitCode
from conformance.mistakes import MISTAKES
from tests.support.suite import ROOT, run_suite

README = (ROOT / "README.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_the_port_of_the_readme_runs_and_passes(tmp_path: Path) -> None:
    (tmp_path / "port.toml").write_text(block("toml"))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "port.js").write_text(block("js"))
    report = run_suite(str(tmp_path))
    assert report.exit_code is ExitCode.PASS
    passed = {case.slug for case in report.cases if case.outcome == "pass"}
    assert "layers/softmax-overflow" in passed
    assert "protocol/shutdown" in passed


def test_the_first_commands_are_conform_and_test() -> None:
    assert re.findall(r"^make \w+", README, re.MULTILINE)[:2] == ["make conform", "make test"]


def test_every_exit_code_and_level_is_documented() -> None:
    for code in ExitCode:
        assert f"| {code.value} | {code.meaning} |" in README
    for level in Level:
        assert f"| `{level}` |" in README


def test_the_mistake_that_the_readme_explains_is_in_the_catalogue() -> None:
    explained = MISTAKES["softmax-gradient-sign"]
    assert f"{explained.title} (softmax-gradient-sign)" in README
    assert f"To mend: {explained.mend}" in README


def test_the_transcript_in_the_readme_is_of_a_run_of_today() -> None:
    transcript = re.search(r"^\$ make conform\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert transcript
    report = run_suite("python", seed=2026)
    assert report.verdict in transcript[1]
    for level in report.levels:
        assert re.search(
            rf"^{level.level} +pass +{level.passed}/{level.asked}\b", transcript[1], re.M
        )


def test_the_budget_explained_in_the_readme_is_that_of_today() -> None:
    shown = re.search(
        r"^\$ python -m (conformance budget) '(.*?)' (.*?)\n(.*?)^```$", README, re.M | re.S
    )
    assert shown
    command = [sys.executable, "-m", *shown[1].split(), shown[2], *shown[3].split()]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout == shown[4]
