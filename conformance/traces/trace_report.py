"""The report on a trace, in the form of every run's report."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from conformance.asking.run_report import Asked, case_report, make_report, port_report
from conformance.baseline.run_baseline import Rules
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import CaseReport, Report, TraceReport, excused
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable

from .judge_trace import JudgedTrace

NAMES = {
    "train/trace-runs": "runs",
    "random/trace-weights": "initial weights",
    "random/trace-documents": "documents",
    "tokenizer/trace-tokens": "tokenizer",
    "forward/trace-nodes": "intermediates",
    "forward/trace-logits": "logits",
    "forward/trace-loss": "loss",
    "backward/trace-node-grads": "gradients of intermediates",
    "backward/trace-grads": "gradients",
    "adam/trace-schedule": "learning rate",
    "adam/trace-update": "Adam",
    "train/trace-losses": "losses, run freely",
    "sample/trace-samples": "samples",
}
"""The cases of a trace, as the verdict names them."""

WEAK = (
    "train/trace-runs",
    "random/trace-weights",
    "random/trace-documents",
    "tokenizer/trace-tokens",
    "adam/trace-schedule",
)
"""Cases that verify nothing of the model by themselves."""


def trace_report(path: Path, judged: JudgedTrace, settings: Sequence[str], rules: Rules) -> Report:
    """The report on a judged trace."""
    head = judged.head
    port = Port(
        folder=Path(),
        name=printable(head.name or path.stem, 100),
        language=printable(head.language or "traced", 60),
        run=(),
        precision=judged.precision,
        label=str(path),
    )
    words = ["conformance", "trace", shlex.quote(str(path))]
    words += [f"--set {shlex.quote(setting)}" for setting in settings]
    asked = Asked(port, 0, settings=settings, edition=rules.edition, baseline=rules.report)
    return _report(asked, judged, rules, "python -m " + " ".join(words), [])


def program_report(
    port: Port, seed: int, judged: JudgedTrace, corpora: Sequence[str], rules: Rules
) -> Report:
    """The report on a program that was traced on these corpora, drawn from a seed."""
    rerun = f"make conform PORT={shlex.quote(port.label)} ARGS='--seed {seed}'"
    shown = structs.replace(port, precision=judged.precision)
    asked = Asked(shown, seed, edition=rules.edition, baseline=rules.report)
    return _report(asked, judged, rules, rerun, corpora)


def _report(
    asked: Asked, judged: JudgedTrace, rules: Rules, rerun: str, corpora: Sequence[str]
) -> Report:
    cases = [
        rules.judged(structs.replace(case_report(case.result(), asked), rerun=rerun))
        for case in judged.cases
    ]
    report = make_report(asked, port_report(asked.port, None), cases)
    facts = TraceReport(
        asked.port.program.trace or asked.port.label,
        judged.steps,
        judged.judged_steps,
        judged.samples,
        judged.notes,
        judged.not_shown,
        list(corpora),
    )
    exit_code = report.exit_code
    strong = [c for c in cases if c.outcome is Outcome.PASS and c.slug not in WEAK]
    if exit_code is ExitCode.PASS and not strong:
        exit_code = ExitCode.NOTHING_VERIFIED
    verdict = f"{exit_code.word}: {_basis(report, facts)}"
    return structs.replace(report, exit_code=exit_code, verdict=verdict, trace=facts)


def _basis(report: Report, facts: TraceReport) -> str:
    """What is wrong, what is right, over which steps, and what is not shown."""
    cases = report.cases
    failing = [case for case in cases if case.fails]
    passed = [c for c in cases if c.outcome is Outcome.PASS and not c.fails]
    over = f"over {_counted(facts.judged_steps, 'step', 'steps')}"
    if facts.judged_steps != facts.steps:
        over += f" of {facts.steps}"
    if facts.corpora:
        over += f" on {_counted(len(facts.corpora), 'corpus', 'corpora')}"
    parts = [f"{_named(failing or passed)} {over}".strip()]
    if failing and passed:
        parts.append(f"right: {_named(passed)}")
    if known := excused(report):
        parts.append(f"excused by the baseline: {_named(known)}")
    if report.baseline and report.baseline.unmatched:
        parts.append("the baseline has an entry without a case")
    if absent := [case for case in cases if case.outcome is Outcome.NOT_OFFERED]:
        parts.append(f"not shown: {_named(absent)}")
    return "; ".join(parts)


def _named(cases: Sequence[CaseReport]) -> str:
    return ", ".join(NAMES[case.slug] for case in cases)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
