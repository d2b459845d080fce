"""A program that writes traces is run on corpora of the suite's choice, and judged as ports are."""

import sys
from pathlib import Path

import pytest
from msgspec import structs

from conformance.cases.request import Request, Unusable
from conformance.explanation.trace_diagnosis import diagnosed_trace
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.mistakes import MISTAKES
from conformance.programs.watcher import Watcher
from conformance.runs.traced_program import judged_program_traces
from conformance.traces.judge_trace import JudgedTrace
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.manifest import Port, find_port
from tests.support.command import run
from tests.support.suite import ROOT
from tests.support.traces import outcomes

PROGRAM = ROOT / "tests" / "support" / "programs" / "tracing.py"
SIZES = "n_embd = 4\nn_head = 2\nblock_size = 4"


def port(folder: Path, *arguments: str, source: str = "", sizes: str = SIZES) -> Port:
    """A program: the one of the tests with arguments, or one with this source."""
    words = [sys.executable, str(PROGRAM), str(ROOT), *arguments]
    if source:
        (folder / "program.py").write_text(source)
        words = [sys.executable, "program.py"]
    (folder / "port.toml").write_text(
        f'name = "traced"\nlanguage = "Python"\nkind = "program"\nrun = {words}\n'
        f'[program]\ntrace = "trace.jsonl"\n{sizes}\n'
    )
    return find_port(str(folder))


def judged(port: Port, seed: int = 7) -> tuple[Report, JudgedTrace]:
    outside = structs.replace(port, sandbox=Sandbox.NEVER)  # tapes are kept in the user's cache
    return judged_program_traces(outside, Request(port.label, seed=seed), Watcher())


@pytest.mark.slow
def test_an_honest_program_passes_on_six_corpora(tmp_path: Path) -> None:
    report, _ = judged(port(tmp_path))
    assert report.exit_code is ExitCode.PASS
    assert report.verdict == (
        "PASS: runs, initial weights, tokenizer, documents, logits, loss, gradients, learning "
        "rate, Adam over 66 steps on 6 corpora; not shown: samples"
    )
    assert report.trace is not None
    assert report.trace.corpora == [
        "letters", "few-letters", "long", "unicode", "crlf", "one-letter",
    ]  # fmt: skip


@pytest.mark.sampled(1)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("mistake", "case", "at"),
    [
        ("documents-not-shuffled", "random/trace-documents", "/letters/steps: the documents"),
        ("carriage-return-kept", "tokenizer/trace-tokens", "/crlf/steps/0/tokens"),
        ("utf16-units-for-characters", "tokenizer/trace-tokens", "/unicode/steps/"),
        ("blank-lines-kept", "tokenizer/trace-tokens", "/crlf/steps/"),
    ],
)
def test_a_mistake_that_only_some_corpora_show_is_caught_there(
    mistake: str, case: str, at: str, tmp_path: Path
) -> None:
    report, _ = judged(port(tmp_path, mistake))
    assert report.exit_code is ExitCode.FAIL
    assert outcomes(report)[case] == "mismatch"
    assert next(c.detail for c in report.cases if c.slug == case).startswith(at)


@pytest.mark.slow
def test_a_mistake_in_the_model_is_named(tmp_path: Path) -> None:
    report, traces = judged(port(tmp_path, "attention-scale-missing"))
    few = [MISTAKES[s] for s in ("attention-scale-missing", "loss-summed-not-averaged")]
    found = diagnosed_trace(report, traces, lambda _words: None, few)
    assert found.divergence is not None
    assert found.divergence.place.pointer.startswith("/letters/steps/0/logits/")
    assert [name.slugs for name in found.names] == [["attention-scale-missing"]]


@pytest.mark.slow
def test_a_kept_trace_does_not_pass_since_the_corpora_are_fresh(tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    first = tmp_path / "first"
    first.mkdir()
    copying = (
        f"import os, shutil\nif not os.path.exists({str(kept)!r}):\n"
        f"    import sys; sys.argv[1:] = [{str(ROOT)!r}]\n"
        f"    exec(open({str(PROGRAM)!r}).read())\n"
        f"    shutil.copy(os.environ['MICROGPT_TRACE'], {str(kept)!r})\n"
        f"shutil.copy({str(kept)!r}, os.environ['MICROGPT_TRACE'])"
    )
    report, _ = judged(port(first, source=copying), seed=8)
    assert outcomes(report)["tokenizer/trace-tokens"] == "mismatch"
    assert outcomes(report)["random/trace-documents"] == "pass"


@pytest.mark.slow
def test_a_program_that_fails_on_one_corpus_fails_and_is_judged_on_the_others(
    tmp_path: Path,
) -> None:
    failing = (
        "import sys\nopen('input.txt', encoding='ascii').read()\n"
        f"sys.argv[1:] = [{str(ROOT)!r}]\nexec(open({str(PROGRAM)!r}).read())"
    )
    report, _ = judged(port(tmp_path, source=failing))
    assert outcomes(report)["train/trace-runs"] == "crash"
    assert outcomes(report)["backward/trace-grads"] == "pass"
    assert "on the corpus unicode (the letters" in report.cases[0].detail


@pytest.mark.slow
@pytest.mark.parametrize(("steps", "words"), [(0, "recorded no step"), (2, "after step 1; on")])
def test_a_program_that_hides_its_error_fails_on_that_corpus(
    steps: int, words: str, tmp_path: Path
) -> None:
    hiding = (
        "import os, sys\nis_ascii = open('input.txt', 'rb').read().isascii()\n"
        f"sys.argv[1:] = [{str(ROOT)!r}]\nsource = open({str(PROGRAM)!r}).read()\n"
        "if is_ascii: exec(source)\n"
        f"else: exec(source.replace('range(SMALL.num_steps)', 'range({steps})'))"
    )
    report, _ = judged(port(tmp_path, source=hiding))
    assert outcomes(report)["train/trace-runs"] == "crash"
    assert "on the corpus unicode (the letters" in report.cases[0].detail
    assert words in report.cases[0].detail


def test_a_program_that_writes_no_trace_fails_and_other_corpora_are_not_tried(
    tmp_path: Path,
) -> None:
    report, _ = judged(port(tmp_path, source="print('step 1 / 9 | loss 3.2')"), seed=7)
    assert report.exit_code is ExitCode.FAIL
    assert report.verdict == "FAIL: runs over 0 steps on 1 corpus"
    assert "wrote no trace to trace.jsonl" in report.cases[0].detail


def test_a_line_that_is_no_record_is_said_with_its_corpus(tmp_path: Path) -> None:
    source = "import os; open(os.environ['MICROGPT_TRACE'], 'w').write('step 1\\n')"
    report, _ = judged(port(tmp_path, source=source))
    assert report.cases[0].outcome == "protocol violation"
    assert report.cases[0].detail.startswith("on the corpus letters (all letters from a to z): ")
    assert "trace.jsonl: line 1" in report.cases[0].detail


def test_options_about_cases_are_refused(tmp_path: Path) -> None:
    made = port(tmp_path, source="pass")
    with pytest.raises(Unusable, match="there is no --case"):
        judged_program_traces(made, Request(made.label, patterns=["backward/*"]), Watcher())


@pytest.mark.slow
def test_the_command_line_judges_and_explains_such_a_program(tmp_path: Path) -> None:
    port(tmp_path, source="import os; open(os.environ['MICROGPT_TRACE'], 'w').write('{}\\n')")
    for command in ("run", "debug"):
        ended = run("conformance", command, str(tmp_path), "--seed", "5")
        assert ended.returncode == ExitCode.FAIL
        assert 'a record has one of the fields "trace"' in " ".join(ended.stdout.split())
