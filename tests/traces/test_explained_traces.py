"""A trace with a known mistake is explained: its place, its name, and how to mend it."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from conformance.explanation.diagnosis import Diagnosis
from conformance.judging.outcome import ExitCode
from conformance.mistakes import MISTAKES, Mistake, applied
from conformance.reports.terminal.explanation_text import show
from conformance.runs.tracing import debugged_trace
from reference.config import Config
from reference.corpus import corpus_of
from reference.profiles import MICROGPT
from reference.program import Run
from reference.trace_writing import TraceWriter
from tests.support.command import run
from tests.support.traces import Writer, usual, written

SMALL = Config(n_embd=4, n_head=2, block_size=4, num_steps=20, num_samples=0)
NAMES = corpus_of("names", b"ada\nbob\ncab\nabba\n" * 5)


def trace_of(mistake: Mistake, path: Path, steps: int = 3) -> Path:
    """The trace of the first steps of a small program with a mistake."""
    lines: list[str] = []
    with applied(mistake.patch()):
        writer = TraceWriter(Run.prepare(SMALL, 42, NAMES), lines.append, range(steps))
        losses = writer.losses()
        for _ in range(steps):
            next(losses)
    path.write_text("".join(lines))
    return path


def diagnosis_of(slug: str, folder: Path) -> Diagnosis:
    path = trace_of(MISTAKES[slug], folder / "trace.jsonl")
    mistakes = [MISTAKES[slug], *(m for m in MISTAKES.values() if m.slug != slug)][:60]
    return debugged_trace(path, (), lambda _words: None, mistakes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slug", "case", "blamed"),
    [
        ("attention-scale-missing", "forward/trace-logits", "from the embeddings to the logits"),
        ("loss-summed-not-averaged", "forward/trace-loss", "the mean of the losses"),
        ("attention-gradient-not-scaled", "backward/trace-grads", "of the dot products"),
        ("momentum-missing", "adam/trace-update", "Adam's update"),
    ],
)
def test_a_known_mistake_is_named_and_placed(
    slug: str, case: str, blamed: str, tmp_path: Path
) -> None:
    found = diagnosis_of(slug, tmp_path)
    assert found.divergence is not None
    assert found.divergence.case == case
    assert blamed in found.divergence.place.operation
    assert [slug] in [name.slugs for name in found.names]


def test_a_right_trace_has_nothing_to_explain(tmp_path: Path) -> None:
    found = debugged_trace(written(tmp_path, usual()), (), lambda _words: None)
    assert found.divergence is None
    assert found.report.exit_code is ExitCode.PASS


@pytest.mark.slow
def test_the_command_explains_a_trace_and_writes_its_page(tmp_path: Path) -> None:
    path = trace_of(MISTAKES["momentum-missing"], tmp_path / "trace.jsonl")
    page, report = tmp_path / "page.html", tmp_path / "report.json"
    done = run("conformance", "debug", path, "--html", page, "--json", report)
    assert done.returncode == ExitCode.FAIL, done.stderr
    assert "momentum-missing" in done.stdout
    assert MISTAKES["momentum-missing"].title in page.read_text()
    assert json.loads(report.read_text())["report"]["first_divergence"] == "adam/trace-update"


@pytest.mark.slow
def test_the_reference_writes_a_trace_that_is_bit_identical(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    words = ["--steps", "12", "--set", "num_samples=2", "n_embd=4", "--embedded"]
    done = run("reference", "--trace", path, *words)
    assert done.returncode == 0, done.stderr
    judged = run("conformance", "trace", path)
    assert judged.returncode == ExitCode.PASS, judged.stdout
    assert "bit-identical" in judged.stdout
    assert "samples over" in " ".join(judged.stdout.split())


@pytest.mark.slow
def test_two_independent_mistakes_are_both_named_each_in_its_part(tmp_path: Path) -> None:
    model, update = MISTAKES["rms-of-the-sum"], MISTAKES["momentum-missing"]
    both = dict(model.patch()) | dict(update.patch())
    lines: list[str] = []
    with applied(both):
        writer = TraceWriter(Run.prepare(SMALL, 42, NAMES), lines.append, range(2))
        losses = writer.losses()
        for _ in range(2):
            next(losses)
    path = tmp_path / "trace.jsonl"
    path.write_text("".join(lines))
    found = debugged_trace(path, (), lambda _words: None, [model, update])
    assert [(name.part, name.slugs) for name in found.names] == [
        ("the model", [model.slug]),
        ("the update", [update.slug]),
    ]
    assert found.unnamed == []
    half = debugged_trace(path, (), lambda _words: None, [update])
    assert half.unnamed == ["the model"]
    console = Console(file=io.StringIO(), width=80)
    show(half, 1, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "The update: this is a known mistake" in text
    assert "The model: none of the 1 known mistakes gives its numbers" in text


@pytest.mark.slow
def test_first_weights_of_another_spread_are_no_known_mistake(tmp_path: Path) -> None:
    records = Writer(config=replace(MICROGPT.config, init_std=0.02)).records()
    found = debugged_trace(written(tmp_path, records), (), lambda _words: None)
    assert found.divergence is not None
    assert found.divergence.place.operation == "the drawing of the first weights"
    assert 'state "init_std": 0.02' in found.divergence.got
    assert found.names == []
