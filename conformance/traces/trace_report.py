"""The report on a trace, in the form of every run's report."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from conformance.asking.run_report import Asked, case_report, make_report, port_report
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import CaseReport, Report, TraceReport
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable

from .judge_trace import JudgedTrace

NAMES = {
    "train/trace-runs": "runs",
    "random/trace-weights": "initial weights",
    "random/trace-documents": "documents",
    "tokenizer/trace-tokens": "tokenizer",
    "forward/trace-logits": "logits",
    "forward/trace-loss": "loss",
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

FAILURES = [outcome for outcome in Outcome if outcome.is_failure]


def trace_report(path: Path, judged: JudgedTrace, settings: Sequence[str]) -> Report:
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
    asked = Asked(port, 0, settings=settings)
    return _report(asked, judged, "python -m " + " ".join(words), str(path), [])


def program_report(port: Port, seed: int, judged: JudgedTrace, corpora: Sequence[str]) -> Report:
    """The report on a program that was traced on these corpora, drawn from a seed."""
    rerun = f"make conform PORT={shlex.quote(port.label)} ARGS='--seed {seed}'"
    shown = structs.replace(port, precision=judged.precision)
    return _report(Asked(shown, seed), judged, rerun, port.program.trace, corpora)


def _report(
    asked: Asked, judged: JudgedTrace, rerun: str, path: str, corpora: Sequence[str]
) -> Report:
    cases = [
        structs.replace(case_report(case.result(), asked), rerun=rerun) for case in judged.cases
    ]
    report = make_report(asked, port_report(asked.port, None), cases)
    facts = TraceReport(
        path,
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
    verdict = _verdict(exit_code, report.cases, facts)
    return structs.replace(report, exit_code=exit_code, verdict=verdict, trace=facts)


def _verdict(exit_code: ExitCode, cases: Sequence[CaseReport], facts: TraceReport) -> str:
    def named(*outcomes: Outcome) -> str:
        return ", ".join(NAMES[case.slug] for case in cases if case.outcome in outcomes)

    right, wrong = named(Outcome.PASS), named(*FAILURES)
    absent = named(Outcome.NOT_OFFERED)
    over = f" over {_counted(facts.judged_steps, 'step', 'steps')}"
    if facts.judged_steps != facts.steps:
        over += f" of {facts.steps}"
    if facts.corpora:
        over += f" on {_counted(len(facts.corpora), 'corpus', 'corpora')}"
    not_shown = f"; not shown: {absent}" if absent else ""
    match exit_code:
        case ExitCode.PASS:
            return f"PASS: {right}{over}{not_shown}"
        case ExitCode.NOTHING_VERIFIED:
            return f"NOTHING VERIFIED{over}{not_shown}"
        case _:
            return f"FAIL: {wrong}{over}" + (f"; right: {right}" if right else "") + not_shown


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
