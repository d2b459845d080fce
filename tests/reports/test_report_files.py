"""Reports for gates: foreign readers read them, they are red where the run is, and inert."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import structs

from conformance.anatomy.levels import Level
from conformance.commands.options import FORMS
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import BaselineReport, CaseReport, Report
from conformance.judging.standing import Standing
from conformance.programs.program_report import Check, ProgramPort, ProgramReport
from conformance.reports.annotations import annotated
from conformance.reports.badge import badge
from conformance.reports.junit import junit
from conformance.reports.markdown import markdown
from conformance.reports.summary import RunSummary, program_summary, run_summary, trouble_summary
from ports_adapter.quoting import disarmed
from tests.commands.test_cli import MANIFEST, conformance
from tests.support import diagnoses
from tests.support.ports.broken import port
from tests.support.suite import oracle_port, run_suite, unwrapped

NASTY = (
    "x]]>\x00\x08\x1b[31m\ud800\uffff</testcase>&<!--",
    "::error file=/etc/passwd::pwned\r\n::add-mask::a%0A%25,:",
    "##[error]pwned",
    "`` `a` ``` ~~~ </details></code><script>alert(1)</script>",
    "| a | b |\n\n# heading\n\n- [x] ![i](http://e.vil/i.png) [l](javascript:1) <http://e.vil>",
    "@octocat #1 www.e.vil https://e.vil a@e.vil *b* __c__ &lt; \\` \\| \\",
)
NAMES = [repr(text)[:20] for text in NASTY]


def cases_of(suite: TestSuite) -> list[TestCase]:
    return [case for case in suite if isinstance(case, TestCase)]


def read(content: bytes) -> dict[str, TestCase]:
    """The test cases by suite and name, as a foreign reader has them, whose counts agree."""
    document = JUnitXml.fromstring(content)
    found: dict[str, TestCase] = {}
    total = [0, 0, 0, 0]
    for suite in document:
        assert isinstance(suite, TestSuite)
        said = [suite.tests, suite.failures, suite.errors, suite.skipped]
        cases = cases_of(suite)
        results = [result for case in cases for result in case.result]
        kinds = (Failure, Error, Skipped)
        assert said == [len(cases), *(sum(isinstance(r, k) for r in results) for k in kinds)]
        total = [a + b for a, b in zip(total, said, strict=True)]
        found |= {f"{suite.name}/{case.name}": case for case in cases}
    assert total == [document.tests, document.failures, document.errors, document.skipped]
    return found


def is_red(content: bytes) -> bool:
    document = JUnitXml.fromstring(content)
    return bool(document.failures + document.errors)


def with_standings() -> Report:
    """Every outcome and every standing at once."""
    ended = {
        Level.PROTOCOL: (Outcome.PASS, Standing.COUNTS),
        Level.TOKENIZER: (Outcome.PASS, Standing.STALE),
        Level.AUTOGRAD: (Outcome.CRASH, Standing.COUNTS),
        Level.LAYERS: (Outcome.MISMATCH, Standing.DIFFERENT),
        Level.FORWARD: (Outcome.MISMATCH, Standing.KNOWN),
        Level.BACKWARD: (Outcome.MISMATCH, Standing.COUNTS),
        Level.ADAM: (Outcome.TIMEOUT, Standing.FLAKY),
        Level.TRAIN: (Outcome.NOT_RUN, Standing.COUNTS),
        Level.RANDOM: (Outcome.ERROR, Standing.WONTFIX),
        Level.SAMPLE: (Outcome.NOT_OFFERED, Standing.COUNTS),
        Level.REPLICATE: (Outcome.MISMATCH, Standing.ANNOUNCED),
    }
    report = diagnoses.report_of({level: outcome for level, (outcome, _) in ended.items()})
    cases = [
        structs.replace(case, standing=ended[case.level][1], reason=f"why {case.level}")
        for case in report.cases
    ]
    baseline = BaselineReport("baseline.toml", "0" * 64, ["line 7: layers/gone (mismatch)"])
    return structs.replace(report, cases=cases, baseline=baseline)


def filled_with(text: str, failures: int = 1) -> Report:
    """A failed run in which every text that is not ours is this one."""
    report = with_standings()

    def filled(case: CaseReport, number: int) -> CaseReport:
        differences = [
            structs.replace(d, part=text, pointer=text, first=text, expected=text, got=text)
            for d in case.differences
        ]
        return structs.replace(
            case, slug=f"{case.level}/{number}{text}", about=text, detail=text, reason=text,
            rerun=text, log=[text] * 12, differences=differences, tainted_by=text,
        )  # fmt: skip

    cases = [filled(case, number) for number in range(failures) for case in report.cases]
    levels = [structs.replace(level, worst_at=text) for level in report.levels]
    return structs.replace(
        report,
        port=structs.replace(report.port, name=text, label=text, language=text),
        settings=[text], verdict=text, grade=text, cases=cases, levels=levels,
        first_divergence=next(case.slug for case in cases if case.fails),
        baseline=BaselineReport(text, "", [text]),
    )  # fmt: skip


def program(outcome: Outcome) -> ProgramReport:
    passed = outcome is Outcome.PASS
    return ProgramReport(
        port=ProgramPort("p", "my program", "C", "float64"),
        generator="cpython",
        exit_code=ExitCode.PASS if passed else ExitCode.FAIL,
        verdict=f"{'PASS: 1' if passed else 'FAIL: 0'} of 1 checks passed",
        checks=[Check("losses", outcome, "10 losses were compared"),
                Check("samples", Outcome.NOT_OFFERED, "none was printed")],
        notes=["Its random numbers are CPython's."],
        seconds=1.5,
    )  # fmt: skip


GISTS = {
    "passed": run_summary(diagnoses.passed_story().report),
    "failed": run_summary(diagnoses.failed_story().report),
    "empty": run_summary(diagnoses.empty_story().report),
    "hostile": run_summary(diagnoses.hostile_story().report),
    "standings": run_summary(with_standings()),
    "program": program_summary(program(Outcome.PASS)),
    "failed program": program_summary(program(Outcome.MISMATCH)),
    "trouble": trouble_summary("p", "the build ended with 3\n  | oh no", ExitCode.UNUSABLE_PORT),
    **{name: run_summary(filled_with(text)) for name, text in zip(NAMES, NASTY, strict=True)},
}
every_gist = pytest.mark.parametrize("summary", GISTS.values(), ids=GISTS)


@every_gist
def test_a_foreign_reader_reads_junit_and_it_is_red_where_the_run_is(summary: RunSummary) -> None:
    content = junit(summary)
    read(content)
    assert is_red(content) == (summary.exit_code is not ExitCode.PASS)


@pytest.mark.parametrize("code", [c for c in ExitCode if c is not ExitCode.PASS])
def test_no_run_that_fails_is_green_in_junit(code: ExitCode) -> None:
    report = structs.replace(diagnoses.passed_story().report, exit_code=code, verdict="WHY: 1 of 2")
    content = junit(run_summary(report))
    assert is_red(content)
    [result] = read(content)["run/verdict"].result
    assert result.message == "WHY: 1 of 2"


def test_every_outcome_and_standing_has_its_place_in_junit() -> None:
    found = read(junit(run_summary(with_standings())))
    said = {
        name.partition("/")[0]: [(type(r).__name__, r.type, r.message) for r in case.result]
        for name, case in found.items()
    }
    wrong = "6 of 40 numbers are outside of their budgets"
    assert said == {
        "protocol": [],
        "tokenizer": [("Failure", "stale", "the baseline expects it to fail, and it passes")],
        "autograd": [("Error", "crash", wrong)],
        "layers": [("Failure", "different", f"why layers: {wrong}")],
        "forward": [("Skipped", "known failure", "known failure: why forward")],
        "backward": [("Failure", "mismatch", wrong)],
        "adam": [("Skipped", "flaky", "flaky: why adam")],
        "train": [("Skipped", "not run", wrong)],
        "random": [("Skipped", "wontfix", "wontfix: why random")],
        "sample": [("Skipped", "not offered", "not offered")],
        "replicate": [("Skipped", "announced", "announced: why replicate")],
        "baseline": [("Failure", "unmatched", "the entry matches no case")],
    }
    failed = found["backward/deep-model"]
    assert failed.classname == "microgpt.backward"
    assert "make conform PORT=swift CASE=backward/deep-model" in str(failed.system_out)
    assert "this is fine" in str(failed.system_err)
    suite = next(iter(JUnitXml.fromstring(junit(run_summary(with_standings())))))
    assert isinstance(suite, TestSuite)
    properties = {entry.name: entry.value for entry in suite.properties()}  # type: ignore[no-untyped-call]
    assert properties["seed"] == "2026"
    assert {"grade", "profile", "edition", "port"} <= set(properties)


def test_what_xml_cannot_say_is_spelled_out_and_the_rest_is_kept() -> None:
    found = read(junit(run_summary(filled_with(NASTY[0]))))
    [result] = next(case for name, case in found.items() if name.startswith("backward")).result
    assert result.message == "x]]>\\x00\\x08\\x1b[31m\\ud800\\uffff</testcase>&<!--"


ALLOWED = {
    "inline", "heading_open", "heading_close", "paragraph_open", "paragraph_close", "fence",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "html_block",
    "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close",
    "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close", "text", "code_inline",
    "strong_open", "strong_close", "softbreak",
}  # fmt: skip
"""What our own Markdown is made of: no link, no image, no inline HTML."""


def tokens(text: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


@every_gist
def test_nothing_that_is_said_becomes_markup_in_a_summary(summary: RunSummary) -> None:
    found = tokens(markdown(summary))
    assert {token.type for token in found} <= ALLOWED
    html = [t.content.strip() for t in found if t.type == "html_block"]
    ours = r"</details>|<details><summary>[\w\s:,']+</summary>"
    assert all(re.fullmatch(ours, line) for block in html for line in block.splitlines())
    assert sum(block.count("<details>") for block in html) == sum(
        block.count("</details>") for block in html
    )
    text = " ".join(token.content for token in found if token.type == "text")
    assert not re.search(r"@|e\.vil|pwned|alert", text)
    rows = [t for t in found if t.type == "tr_open"]
    cells = [t for t in found if t.type in ("th_open", "td_open")]
    assert len(cells) == 4 * len(rows)


def test_the_summary_tells_what_is_wrong_and_what_is_known() -> None:
    text = markdown(run_summary(with_standings(), ["Subtract the mean"]))
    for said in (
        "First divergence: `autograd/one-neuron`", "expected `-0.0103`", "got `-0.0125`",
        "1.4e+14 of budget", "\nmake conform PORT=swift CASE=autograd/one-neuron",
        "3 cases known to fail", "`why forward`",
        "1 case that passes although the baseline expects it to fail", "Subtract the mean",
        "1 case failing differently from the baseline", "`line 7: layers/gone (mismatch)`",
        "1 case announced: it fails, is new, and counts from the next edition", "seed `2026`",
    ):  # fmt: skip
        assert said in text, said


@pytest.mark.slow
def test_a_summary_of_any_run_is_far_below_what_github_takes() -> None:
    report = filled_with("`|" + "까" * 5000, failures=600)
    assert len(markdown(run_summary(report)).encode()) < 1 << 20


COMMAND = re.compile(r"::error ((?:\w+=[^,:\r\n]*,?)+)::([^\r\n]*)")


@every_gist
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
    folder = tmp_path / "port, mine"
    folder.mkdir()
    (folder / "port.toml").write_text(MANIFEST)
    (folder / "port.py").write_text(port(""))
    (folder / "baseline.toml").write_text(
        '# known\n\n[[known]]\nslug = "tokenizer/words"\noutcome = "mismatch"\nreason = "x"\n'
        '\n[[known]]\nslug = "layers/gone"\noutcome = "crash"\nreason = "y"\n'
    )
    run = conformance("run", str(folder), "--annotations", "--junit", str(tmp_path / "r.xml"))
    assert run.returncode == ExitCode.FAIL
    where = re.findall(r"^::error file=(.*),line=(\d+),", run.stdout, re.M)
    assert where == [("port%2C mine/baseline.toml", "3"), ("port%2C mine/baseline.toml", "8")]
    found = read((tmp_path / "r.xml").read_bytes())
    assert [r.type for r in found["tokenizer/words"].result] == ["stale"]
    assert "baseline/line 8: layers/gone (crash)" in found


@pytest.mark.parametrize("text", NASTY, ids=NAMES)
def test_no_line_that_is_printed_is_a_command(text: str) -> None:
    for line in disarmed(f"  {text}\n{text}").splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_what_a_port_prints_is_never_a_command_to_the_ci(tmp_path: Path) -> None:
    name = "::error::name ##[add-mask]a"
    (tmp_path / "port.toml").write_text(MANIFEST.replace('"p"', json.dumps(name)))
    says = "::stop-commands::x\\n  ::error::log\\n##[error]log"
    wrong = (
        "def wrong(r):\n"
        f"    print('{says}', file=sys.stderr, flush=True)\n"
        "    refuse(r, -32000, '::error::said\\n::error::said ##[error]said')\n"
    )
    (tmp_path / "port.py").write_text(port(wrong + "HANDLERS['linear'] = wrong"))
    run = conformance("run", str(tmp_path))
    assert run.returncode == ExitCode.FAIL
    printed = run.stdout + run.stderr
    assert "said" in printed
    assert "name" in printed
    assert "##[" not in printed
    assert not re.search(r"^\s*::", printed, re.MULTILINE)

    (tmp_path / "port.toml").write_text(
        MANIFEST + """build = ["sh", "-c", "echo ::error::built; echo '##[error]built'; exit 1"]"""
    )
    built = conformance("run", str(tmp_path))
    assert "built" in built.stderr
    assert "##[" not in built.stderr
    assert not re.search(r"^\s*::", built.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    ("summary", "message", "color"),
    [
        ("passed", "11/11 within 4 ulp", "brightgreen"),
        ("failed", "fails", "red"),
        ("empty", "nothing verified", "lightgrey"),
        ("program", "1/1 checks", "brightgreen"),
        ("trouble", "does not start", "red"),
    ],
)
def test_a_badge_is_what_shields_io_reads(summary: str, message: str, color: str) -> None:
    shown = json.loads(badge(GISTS[summary]))
    assert shown.pop("isError", False) == (message not in ("11/11 within 4 ulp", "1/1 checks"))
    assert shown == {
        "schemaVersion": 1, "label": "microgpt", "message": message, "color": color,
    }  # fmt: skip


def test_a_badge_counts_known_failures() -> None:
    report = with_standings()
    cases = [case for case in report.cases if not case.fails]
    passed = structs.replace(report, cases=cases, exit_code=ExitCode.PASS, baseline=None)
    assert json.loads(badge(run_summary(passed)))["message"].endswith(", 4 known")


def options(folder: Path, *forms: str) -> list[str]:
    return [word for form in forms for word in (f"--{form}", str(folder / f"r.{form}"))]


@pytest.mark.slow
def test_all_forms_are_written_of_a_failing_run_and_of_its_replay(tmp_path: Path) -> None:
    (tmp_path / "port.toml").write_text(MANIFEST)
    wrong = "def wrong(r):\n    a = linear(r['params'])\n    a['output'][2] += 1\n    reply(r, a)\n"
    (tmp_path / "port.py").write_text(port(wrong + "HANDLERS['linear'] = wrong"))
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
    told = conformance(
        "debug", str(tmp_path), "--seed", "3", "--case", "layers", *options(tmp_path, *FORMS)
    )
    assert told.returncode == ExitCode.FAIL, told.stderr
    assert "To blame" in (tmp_path / "r.markdown").read_text()
    assert json.loads((tmp_path / "r.json").read_bytes())["report"]["exit_code"] == 1


@pytest.mark.slow
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
    (tmp_path / "port.toml").write_text(MANIFEST + change)
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


@pytest.mark.slow
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
    assert "Traceback" not in unwrapped(run.stderr)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"r.{o}" for o in others)
    if form != "junit":
        assert "tokenizer/words" in read((tmp_path / "r.junit").read_bytes())


@pytest.mark.slow
def test_annotations_and_json_do_not_share_standard_output() -> None:
    run = conformance("run", "python", "--json", "-", "--annotations")
    assert run.returncode == ExitCode.USAGE
    assert "both need standard output" in unwrapped(run.stderr)


@pytest.mark.slow
def test_a_run_of_the_oracle_is_green_in_every_form() -> None:
    summary = run_summary(run_suite(oracle_port(), "tokenizer", "adam/cold-step-1"))
    assert not is_red(junit(summary))
    assert annotated(summary) == []
    assert json.loads(badge(summary))["message"].startswith("20/20 ")


@pytest.mark.slow
def test_debug_leaves_out_what_the_baseline_excuses(tmp_path: Path) -> None:
    (tmp_path / "port.toml").write_text(MANIFEST)
    wrong = "def wrong(r):\n    a = linear(r['params'])\n    a['output'][0] += 1\n    reply(r, a)\n"
    (tmp_path / "port.py").write_text(port(wrong + "HANDLERS['linear'] = wrong"))
    (tmp_path / "baseline.toml").write_text(
        '[[known]]\nslug = "layers/linear*"\noutcome = "mismatch"\nreason = "not mended yet"\n'
    )
    page = tmp_path / "page.html"
    told = conformance("debug", str(tmp_path), "--seed", "3", "--html", str(page))
    assert told.returncode == ExitCode.PASS, told.stdout
    assert "First divergence" not in told.stdout
    assert re.search(r"Left out: \d+ that the baseline excuses; see --no-baseline", told.stdout)
    assert "not mended yet" in page.read_text()
    assert "for which this run does not fail" in page.read_text()
    whole = conformance("debug", str(tmp_path), "--seed", "3", "--no-baseline")
    assert whole.returncode == ExitCode.FAIL
    assert "First divergence: layers/linear" in whole.stdout
