"""The action for GitHub, run step by step as it stands, and the script that it is a cover of."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from junitparser import JUnitXml

from conformance.baseline.entries import parse_baseline
from conformance.commands.options import FORMS
from ports_adapter.kits import write_kit
from tests.support.actions import PINNED, Ran, Runner
from tests.support.suite import ROOT

pytestmark = pytest.mark.needs("shell")

ACTION = ROOT / "action.yml"
GATE = ROOT / "action/gate.sh"
WORKFLOW = Path(".github/workflows/conformance.yml")
SMALL = {"python-version": "", "cases": "tokenizer\nprotocol", "seed": "1"}
"""Inputs for a quick run."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write_kit("python", tmp_path / "repository/the port")
    return tmp_path / "repository"


def plant(folder: Path) -> None:
    """Put a mistake into a port: BOS is the first token."""
    path = folder / "port/tokenizer.py"
    source = path.read_text()
    wrong = source.replace("self.bos = len(self.characters)", "self.bos = 0")
    assert wrong != source
    path.write_text(wrong)


def gated(repository: Path, **given: str) -> Ran:
    runner = Runner(repository)
    inputs = SMALL | {"port": "the port"} | {k.replace("_", "-"): v for k, v in given.items()}
    runner.ran.outputs |= runner.action(ROOT, inputs)
    return runner.ran


@pytest.mark.slow
def test_a_right_port_is_green_and_leaves_every_report(repository: Path) -> None:
    ran = gated(repository)
    assert ran.code == 0, ran.log
    assert ran.outputs["exit-code"] == "0"
    assert ran.outputs["verdict"] == "PASS: 24 of 24 cases passed"
    assert "✅" in ran.summary
    assert "::error" not in ran.log
    reports = Path(ran.outputs["report"])
    assert reports == repository / "conformance-report"
    assert sorted(path.name for path in reports.iterdir()) == [
        "badge.json", "junit.xml", "page.html", "report.json", "summary.md",
    ]  # fmt: skip
    document = JUnitXml.fromfile(str(reports / "junit.xml"))
    assert (document.tests, document.failures, document.errors) == (24, 0, 0)
    badge = json.loads(Path(ran.outputs["badge"]).read_bytes())
    assert badge["message"].startswith("24/24 ")


@pytest.mark.slow
def test_a_wrong_port_is_red_and_every_report_says_why(repository: Path) -> None:
    plant(repository / "the port")
    ran = gated(repository)
    assert ran.code == 1
    assert ran.outputs["exit-code"] == "1"
    assert ran.outputs["verdict"].startswith("FAIL: ")
    assert re.search("^::error file=the port/port.toml,line=1,title=tokenizer/", ran.log, re.M)
    assert "First divergence: `tokenizer/" in ran.summary
    reports = repository / "conformance-report"
    document = JUnitXml.fromfile(str(reports / "junit.xml"))
    assert document.failures > 0
    assert json.loads((reports / "badge.json").read_bytes())["isError"]
    assert (reports / "explanation.md").read_text() == ran.summary
    assert "tokenizer/" in (reports / "page.html").read_text()


@pytest.mark.slow
def test_a_known_failure_is_green(repository: Path) -> None:
    plant(repository / "the port")
    (repository / "known.toml").write_text(
        '[[known]]\nslug = "tokenizer/*"\noutcome = "mismatch"\nreason = "BOS is first"\n'
    )
    ran = gated(repository, baseline="known.toml", cases="tokenizer/words\nprotocol")
    assert ran.code == 5, ran.log  # nothing else was asked that passes
    assert "known failure" in ran.summary


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "code"),
    [('build = ["sh", "-c", "exit 3"]\n', 3), ("nmae = 1\n", 2)],
)
def test_a_port_that_cannot_be_run_is_red_and_says_so(
    change: str, code: int, repository: Path
) -> None:
    manifest = repository / "the port/port.toml"
    manifest.write_text(change + manifest.read_text())
    ran = gated(repository)
    assert ran.code == code
    assert "port builds and starts" in ran.summary
    assert "::error file=the port/port.toml" in ran.log
    assert ran.outputs["verdict"] == ""


HOSTILE = (
    "$(touch pwned)`touch pwned`; touch pwned; '; touch pwned; '\"; touch pwned; \"& touch pwned "
    "$(shell touch pwned) ${IFS} $PWD * ? [a-z] %0Averdict=pwned \\",
    "x\ntouch pwned\nverdict=pwned\nexit-code<<end\n0\nend",
    "--help",
)


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", yaml.safe_load(ACTION.read_text())["inputs"])
def test_no_input_is_executed_or_taken_for_an_option(name: str, repository: Path) -> None:
    if name == "python-version":
        pytest.skip("which is actions/setup-python's")
    for text in HOSTILE:
        before = sorted(path.name for path in repository.iterdir())
        ran = gated(repository, **{"cases": "tokenizer/words", name: text})
        assert not [p for where in (repository, ROOT) for p in where.rglob("pwned")], text
        assert set(ran.outputs) == {"exit-code", "verdict", "report", "badge"}, text
        assert ran.outputs["exit-code"] == str(ran.code), text
        assert "pwned" not in ran.outputs["verdict"], text
        assert "Usage: conformance run [OPTIONS]" not in ran.log, text
        if name in ("explain", "report-dir"):
            assert ran.code == 0, (text, ran.log)
        else:
            assert ran.code in (2, 3), (text, ran.log)
        new = {path.name for path in repository.iterdir()} - set(before) - {"conformance-report"}
        assert not new or name == "report-dir", (text, new)


def test_expressions_reach_no_shell_and_what_others_wrote_is_pinned() -> None:
    action = yaml.safe_load(ACTION.read_text())
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert "uses" not in step or PINNED.fullmatch(step["uses"])
    kits = ROOT / "ports_adapter/kits/common" / WORKFLOW
    for path in (ACTION, kits, ROOT / "docs/how-to/gate-a-port-in-ci.md"):
        for line in path.read_text().splitlines():
            if "uses: " in line and "uses: ./" not in line and "OWNER" not in line:
                assert re.search(r"@[0-9a-f]{40} # v[\d.]+$", line), line
    assert "eval" not in GATE.read_text().replace("evaluated", "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="there is no shellcheck")
def test_the_script_has_nothing_that_shellcheck_minds() -> None:
    subprocess.run(["shellcheck", str(GATE)], check=True)


def test_the_page_on_ci_shows_what_there_is() -> None:
    page = (ROOT / "docs/how-to/gate-a-port-in-ci.md").read_text()
    for name in yaml.safe_load(ACTION.read_text())["inputs"]:
        assert f"`{name}`" in page
    for form in FORMS:
        assert f"| `--{form}` |" in page
    for block in re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        yaml.safe_load(block)


def test_the_baseline_of_the_how_to_is_valid() -> None:
    page = (ROOT / "docs/how-to/keep-known-failures.md").read_text()
    found = re.search(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found
    [entry] = parse_baseline(Path("example"), found[1].encode()).entries
    assert (entry.slug, entry.at) == ("backward/steep-scores", "/grads/wte")


@pytest.mark.slow
def test_a_plain_shell_gates_with_one_line(repository: Path) -> None:
    plant(repository / "the port")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
    run = subprocess.run(
        ["bash", str(GATE)], cwd=repository / "the port", capture_output=True, text=True,
        env=environment | {"CASES": "tokenizer/words", "SEED": "7"}, check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stderr
    assert "::error" not in run.stdout
    assert "First divergence: tokenizer/words" in run.stdout
    assert (repository / "the port/conformance-report/junit.xml").exists()
    assert not (repository / "the port/conformance-report/explanation.md").exists()


@pytest.fixture
def checked_out(tmp_path: Path) -> Runner:
    """A kit's own workflow, about to run; the suite's repository has the present checkout."""
    write_kit("python", tmp_path / "my-port")
    suite = tmp_path / "suite"
    suite.mkdir()
    for entry in ROOT.iterdir():
        (suite / entry.name).symlink_to(entry)
    (tmp_path / "workspace").mkdir()
    return Runner(tmp_path / "workspace", {"port": tmp_path / "my-port", "suite": suite})


@pytest.mark.slow
def test_the_workflow_of_a_kit_is_green_at_once(checked_out: Runner) -> None:
    port = checked_out.sources["port"]
    text = (port / WORKFLOW).read_text()
    text = text.replace("your-name/micro", "ada/micro", 1)
    assert "port: port\n" in text
    seeded = text.replace("port: port\n", 'port: port\n          seed: "1"\n', 1)
    (port / WORKFLOW).write_text(seeded)  # whose answers other tests have derived
    ran = checked_out.workflow(port / WORKFLOW)
    assert ran.codes == [0, 0], ran.log
    assert "✅" in ran.summary
    assert (Path(ran.outputs["uploaded"]) / "junit.xml").exists()


def test_the_workflow_of_a_kit_says_so_while_the_suites_address_is_not_filled_in(
    checked_out: Runner,
) -> None:
    ran = checked_out.workflow(checked_out.sources["port"] / WORKFLOW)
    assert ran.codes == [1]
    assert "::error::SUITE_REPOSITORY" in ran.log
