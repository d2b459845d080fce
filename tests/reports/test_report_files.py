"""The forms of a report as files: all of one run, whatever becomes of it."""

import json
import re
from pathlib import Path

import pytest

from conformance.commands.options import FORMS
from conformance.judging.outcome import ExitCode
from conformance.reports.annotations import annotated
from conformance.reports.badge import badge
from conformance.reports.junit import junit
from conformance.reports.summary import run_summary
from tests.support.command import conformance
from tests.support.junit_reader import is_red, read
from tests.support.ports.broken import MANIFEST, folder_of, wrong_linear
from tests.support.suite import oracle_port, run_suite, unwrapped

pytestmark = pytest.mark.slow


def options(folder: Path, *forms: str) -> list[str]:
    return [word for form in forms for word in (f"--{form}", str(folder / f"r.{form}"))]


def test_all_forms_are_written_of_a_failing_run_and_of_its_replay(tmp_path: Path) -> None:
    folder_of(tmp_path, wrong_linear())
    transcript = str(tmp_path / "run.jsonl.gz")
    ran = conformance(
        "run", str(tmp_path), "--seed", "3", *options(tmp_path, *FORMS), "--transcript", transcript
    )
    assert ran.returncode == ExitCode.FAIL
    found = read((tmp_path / "r.junit").read_bytes())
    report = json.loads((tmp_path / "r.json").read_bytes())
    assert set(found) == {case["slug"] for case in report["cases"]}
    assert "layers/linear-square" in (tmp_path / "r.markdown").read_text()
    assert "layers/linear-square" in (tmp_path / "r.html").read_text()
    assert "None of the known mistakes" not in (tmp_path / "r.html").read_text()
    assert json.loads((tmp_path / "r.badge").read_bytes())["message"] == "fails"

    (tmp_path / "again").mkdir()
    again = conformance("replay", transcript, *options(tmp_path / "again", *FORMS))
    assert again.returncode == ExitCode.FAIL
    assert read((tmp_path / "again/r.junit").read_bytes()).keys() == found.keys()
    asked = ("debug", str(tmp_path), "--seed", "3", "--case", "layers/linear-square")
    told = conformance(*asked, *options(tmp_path, *FORMS))
    assert told.returncode == ExitCode.FAIL, told.stderr
    assert "To blame" in (tmp_path / "r.markdown").read_text()
    assert json.loads((tmp_path / "r.json").read_bytes())["report"]["exit_code"] == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ('build = ["sh", "-c", "echo oh no; exit 3"]\n', ExitCode.UNUSABLE_PORT),
        ('nmae = "p"\n', ExitCode.USAGE),
    ],
)
def test_a_port_that_cannot_be_run_is_a_failing_case_in_every_report(
    change: str, code: ExitCode, tmp_path: Path
) -> None:
    folder_of(tmp_path, "", MANIFEST + change)
    run = conformance(
        "run", str(tmp_path), *options(tmp_path, "junit", "markdown", "badge"), "--annotations"
    )
    assert run.returncode == code
    [(name, case)] = read((tmp_path / "r.junit").read_bytes()).items()
    assert name == "port/port builds and starts"
    assert case.result
    assert "port builds and starts" in (tmp_path / "r.markdown").read_text()
    assert json.loads((tmp_path / "r.badge").read_bytes())["isError"]
    assert run.stdout.startswith(f"::error file={tmp_path}/port.toml,line=1,title=port/")


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_cannot_be_written_is_named_and_the_others_are_written(
    form: str, tmp_path: Path
) -> None:
    others = [other for other in FORMS if other != form]
    place = f"/proc/no/such/place/r.{form}"
    run = conformance(
        "run", "python", "--case", "tokenizer/words", f"--{form}", place,
        *options(tmp_path, *others),
    )  # fmt: skip
    assert run.returncode == ExitCode.USAGE
    assert f"cannot be written to {place}" in unwrapped(run.stderr)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"r.{o}" for o in others)
    if form != "junit":
        assert "tokenizer/words" in read((tmp_path / "r.junit").read_bytes())


def test_annotations_and_json_do_not_share_standard_output() -> None:
    run = conformance("run", "python", "--json", "-", "--annotations")
    assert run.returncode == ExitCode.USAGE
    assert "both need standard output" in unwrapped(run.stderr)


def test_a_run_of_the_oracle_is_green_in_every_form() -> None:
    summary = run_summary(run_suite(oracle_port(), "tokenizer", "adam/cold-step-1"))
    assert not is_red(junit(summary))
    assert annotated(summary) == []
    assert json.loads(badge(summary))["message"].startswith("20/20 ")


def test_debug_leaves_out_what_the_baseline_excuses(tmp_path: Path) -> None:
    folder_of(tmp_path, wrong_linear('a["output"][0] += 1'))
    (tmp_path / "baseline.toml").write_text(
        '[[known]]\nslug = "layers/linear*"\noutcome = "mismatch"\nreason = "not mended yet"\n'
    )
    page = tmp_path / "page.html"
    cases = ("--case", "layers", "--case", "tokenizer")
    asked = ("debug", str(tmp_path), "--seed", "3", *cases)
    told = conformance(*asked, "--html", str(page))
    assert told.returncode == ExitCode.PASS, told.stdout
    assert "First divergence" not in told.stdout
    assert re.search(r"Left out: \d+ that the baseline excuses; see --no-baseline", told.stdout)
    assert "not mended yet" in page.read_text()
    assert "for which this run does not fail" in page.read_text()
    whole = conformance(*asked, "--no-baseline")
    assert whole.returncode == ExitCode.FAIL
    assert "First divergence: layers/linear" in whole.stdout
