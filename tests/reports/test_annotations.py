"""Annotations for a CI, and that nothing else that is printed is a command to it."""

import json
import re
from pathlib import Path

import pytest
from msgspec import structs

from conformance.judging.outcome import ExitCode
from conformance.reports.annotations import annotated
from conformance.reports.summary import RunSummary, run_summary
from ports_adapter.quoting import disarmed
from tests.support.command import conformance
from tests.support.junit_reader import read
from tests.support.ports.broken import MANIFEST, folder_of
from tests.support.summaries import NAMES, NASTY, every_summary, filled_with, with_standings

COMMAND = re.compile(r"::error ((?:\w+=[^,:\r\n]*,?)+)::([^\r\n]*)")


@every_summary
def test_an_annotation_is_one_line_of_the_form_that_github_reads(summary: RunSummary) -> None:
    lines = annotated(summary)
    assert bool(lines) == (summary.exit_code is not ExitCode.PASS)
    assert len(lines) <= 10
    for line in lines:
        assert line.isprintable()
        found = COMMAND.fullmatch(line)
        assert found, line
        assert not re.search("%(?!25|0A|0D|3A|2C)", line)


def test_the_first_divergence_is_annotated_first_and_at_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "port.toml").write_text('# a port\n\nname = "p"\nrun = ["p"]\n')
    report = with_standings()
    report = structs.replace(
        report,
        port=structs.replace(report.port, label=str(tmp_path)),
        first_divergence="backward/deep-model",
    )
    lines = annotated(run_summary(report))
    assert lines[0].startswith(
        f"::error file={tmp_path}/port.toml,line=3,title=backward/deep-model "
    )
    assert len(lines) == 6  # four cases fail, one was not run, and an entry matches none
    many = annotated(run_summary(filled_with("x", failures=9)))
    assert len(many) == 10
    assert "more; the report has them all" in many[-1]


@pytest.mark.slow
def test_what_the_baseline_has_wrong_is_annotated_at_its_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    folder = folder_of(tmp_path / "port, mine")
    (folder / "baseline.toml").write_text(
        '# known\n\n[[known]]\nslug = "tokenizer/words"\noutcome = "mismatch"\nreason = "x"\n'
        '\n[[known]]\nslug = "layers/gone"\noutcome = "crash"\nreason = "y"\n'
    )
    report = ("--annotations", "--junit", tmp_path / "r.xml")
    run = conformance("run", folder, *report)
    assert run.returncode == ExitCode.FAIL
    where = re.findall(r"^::error file=(.*),line=(\d+),", run.stdout, re.M)
    assert where == [("port%2C mine/baseline.toml", "3"), ("port%2C mine/baseline.toml", "8")]
    found = read((tmp_path / "r.xml").read_bytes())
    assert [r.type for r in found["tokenizer/words"].result] == ["stale"]
    assert "baseline/line 8: layers/gone (crash)" in found


def is_a_command(printed: str) -> bool:
    return "##[" in printed or bool(re.search(r"^\s*::", printed, re.MULTILINE))


@pytest.mark.parametrize("text", NASTY, ids=NAMES)
def test_no_line_that_is_printed_is_a_command(text: str) -> None:
    assert not is_a_command("\n".join(disarmed(f"  {text}\n{text}").splitlines()))


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_what_a_port_prints_is_never_a_command_to_the_ci(tmp_path: Path) -> None:
    name = json.dumps("::error::name ##[add-mask]a")
    said = r"::stop-commands::x\n  ::error::log\n##[error]log"
    wrong = f"""
def wrong(r):
    print('{said}', file=sys.stderr, flush=True)
    refuse(r, -32000, '::error::said\\n::error::said ##[error]said')
HANDLERS['linear'] = wrong
"""
    folder_of(tmp_path, wrong, MANIFEST.replace('"p"', name))
    run = conformance("run", tmp_path, "--case", "layers/linear*")
    assert run.returncode == ExitCode.FAIL
    printed = run.stdout + run.stderr
    assert "said" in printed
    assert "name" in printed
    assert not is_a_command(printed)

    build = """build = ["sh", "-c", "echo ::error::built; echo '##[error]built'; exit 1"]"""
    folder_of(tmp_path, "", MANIFEST + build)
    built = conformance("run", tmp_path)
    assert "built" in built.stderr
    assert not is_a_command(built.stderr)
