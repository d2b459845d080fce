"""The command lines, run as a user runs them."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from conformance.commands.published_pages import REPORT_SCHEMA
from conformance.judging.outcome import ExitCode
from tests.support.command import conformance, started, wait_for_marks
from tests.support.ports.broken import MANIFEST, SLOW, folder_of, wrong_linear
from tests.support.suite import ROOT, living, unwrapped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of(tmp_path)


@pytest.mark.slow
def test_a_passing_port_exits_with_0_and_says_pass(folder: Path) -> None:
    run = conformance("run", str(folder), "--seed", "5")
    assert run.returncode == ExitCode.PASS
    assert "PASS: " in run.stdout
    assert "Seed 5" in run.stdout
    assert "Not offered, so not judged: autograd, forward" in run.stdout
    assert "\x1b" not in run.stdout


@pytest.mark.slow
def test_a_failing_port_exits_with_1_and_prints_the_line_that_runs_it_again(folder: Path) -> None:
    folder_of(folder, wrong_linear())
    run = conformance("run", str(folder), "--seed", "5")
    assert run.returncode == ExitCode.FAIL
    assert "First divergence: layers/linear-square (mismatch)" in run.stdout
    assert "at /output/2" in run.stdout
    again = f"make conform PORT={folder} CASE=layers/linear-square ARGS='--seed 5'"
    assert again in run.stdout
    made = subprocess.run(again, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S602
    assert made.returncode != 0
    assert "FAIL: 0 of 1 cases passed" in made.stdout


@pytest.mark.slow
def test_the_report_obeys_its_published_schema(folder: Path, tmp_path: Path) -> None:
    folder_of(folder, "HANDLERS['linear'] = lambda r: sys.exit(2)")
    path = tmp_path / "report.json"
    run = conformance("run", str(folder), "--json", str(path))
    report = json.loads(path.read_text())
    jsonschema.validate(report, json.loads(REPORT_SCHEMA.read_text()))
    assert report["exit_code"] == run.returncode == ExitCode.FAIL
    assert report["first_divergence"] == "layers/linear-square"
    printed = conformance("run", str(folder), "--case", "protocol", "--json", "-")
    assert json.loads(printed.stdout)["port"]["name"] == "p"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "no-such-port"), "there is no folder 'no-such-port'"),
        (("run", "tests"), "has no port.toml"),
        (("run", "js", "--case", "bakward/fresh-1"), "near are backward/fresh-1"),
        (("run", "js", "--seed", "-1"), "--seed"),
        (("run",), "Missing argument 'PORT'"),
        (("walk",), "No such command 'walk'"),
        (("run", "python", "--case", "protocol", "--json", "/proc/no/such/place/r.json"), ""),
    ],
)
def test_wrong_input_gives_a_clear_line_and_no_traceback(
    arguments: tuple[str, ...], message: str
) -> None:
    run = conformance(*arguments)
    assert run.returncode == ExitCode.USAGE
    assert message in unwrapped(run.stderr)
    assert "Traceback" not in run.stdout


@pytest.mark.needs("shell")
@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (MANIFEST.replace('"{python}"', '"no-such-tool"'), "no-such-tool is not installed"),
        (MANIFEST + 'build = ["no-such-tool"]', "the build command cannot be run"),
        (MANIFEST + 'build = ["sh", "-c", "echo oh no; exit 3"]', "the build ended with 3"),
        (MANIFEST + 'build = ["sleep", "9"]\n[timeouts]\nbuild = 0.2', "took longer than 0.2 s"),
    ],
)
def test_a_port_that_cannot_be_built_or_started_exits_with_3(
    folder: Path, manifest: str, message: str
) -> None:
    folder_of(folder, manifest=manifest)
    run = conformance("run", str(folder))
    assert run.returncode == ExitCode.UNUSABLE_PORT
    assert message in unwrapped(run.stderr)


@pytest.mark.slow
def test_names_that_are_not_there_are_asked_for(tmp_path: Path) -> None:
    other = tmp_path / "names.txt"
    other.write_text("ada\n")
    run = conformance("run", "python", "--names", MICROGPT_NAMES=str(other))
    assert run.returncode == ExitCode.USAGE
    assert "is not the published names.txt" in unwrapped(run.stderr)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_is_finished_and_ends_the_port(
    folder: Path, number: signal.Signals
) -> None:
    folder_of(folder, SLOW)
    path = folder / "report.json"
    run = started("run", folder, "--json", path, "--sandbox", "never")
    wait_for_marks(run, folder)
    run.send_signal(number)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in errors
    outcomes = {case["slug"]: case["outcome"] for case in json.loads(path.read_text())["cases"]}
    assert outcomes["tokenizer/words"] == "pass"
    assert outcomes["layers/linear-square"] == "not run"
    assert not living(folder)


@pytest.mark.slow
def test_a_terminal_that_knows_ascii_alone_still_gets_the_verdict(folder: Path) -> None:
    wrong = "def wrong(r):\n    reply(r, tokens_of('까치'))\n"
    folder_of(folder, wrong + "HANDLERS['tokenize'] = wrong")
    run = conformance("run", str(folder), PYTHONIOENCODING="ascii")
    assert run.returncode == ExitCode.FAIL
    assert "FAIL: " in run.stdout


@pytest.mark.slow
def test_the_cases_are_listed_with_what_they_ask() -> None:
    printed = conformance("cases", "adam").stdout
    assert all(line.startswith(("adam/", "  ")) for line in printed.splitlines())
    assert "adds epsilon outside the root" in unwrapped(printed)
    lines = conformance("cases").stdout.splitlines()
    slugs = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert len(slugs) == len(set(slugs)) > 100


@pytest.mark.parametrize("package", ["conformance", "golden", "reference"])
def test_asking_for_help_loads_nothing_heavy(package: str) -> None:
    code = (
        f"import sys; sys.argv = ['{package}', '--help']\n"
        f"import atexit; atexit.register(lambda: print(sorted(m for m in sys.modules if m in "
        "('numpy', 'deepdiff', 'msgspec', 'rich', 'jsonschema')), file=sys.stderr))\n"
        f"import runpy; runpy.run_module('{package}', run_name='__main__')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "Usage" in run.stdout
    assert run.stderr.strip() == "[]"
