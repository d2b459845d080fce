"""Makes the report of a case from its result, and the report of a run from its cases."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from conformance.judging.assembly import assembled
from conformance.judging.divergence import Comparison, Divergence
from conformance.judging.edition import current_edition
from conformance.judging.outcome import ExitCode
from conformance.judging.report import (
    BaselineReport,
    CaseReport,
    Difference,
    PartReport,
    PortReport,
    Report,
)
from golden.trace import number
from ports_adapter.layout import Layout
from ports_adapter.manifest import Port
from ports_adapter.messages import InitializeResult
from ports_adapter.quoting import printable, tail
from reference.profiles import MICROGPT

from .case_result import Result

DIFFERENCES_KEPT = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run asks, and what judges it: the facts that every case's report refers to.

    `answers` is the file of answers that is judged in place of a running port, or empty.
    """

    port: Port
    seed: int
    profile: str = MICROGPT.name
    settings: Sequence[str] = ()
    edition: int = field(default_factory=current_edition)
    baseline: BaselineReport | None = None
    part: PartReport | None = None
    answers: str = ""


def make_report(
    asked: Asked,
    port: PortReport,
    cases: Sequence[CaseReport],
    layout: Layout | None = None,
    *,
    was_interrupted: bool = False,
) -> Report:
    """The report of a run.

    Args:
        asked: what the run asked.
        port: the report's part about the port.
        cases: all cases, each with its standing.
        layout: a layout in which the port is right, if the declared one is wrong.
        was_interrupted: whether an interrupt ended the run early.
    """
    head = Report(
        port=port,
        profile=asked.profile,
        settings=list(asked.settings),
        edition=asked.edition,
        seed=asked.seed,
        exit_code=ExitCode.INTERRUPTED,
        verdict="",
        grade="",
        first_divergence="",
        layout=layout.toml() if layout else "",
        levels=[],
        cases=[],
        seconds=0.0,
        baseline=asked.baseline,
        part=asked.part,
        answers=asked.answers,
    )
    return assembled(head, cases, was_interrupted=was_interrupted)


def port_report(port: Port, offer: InitializeResult | None) -> PortReport:
    """The report's part about a port, as its manifest and its offer describe it."""
    return PortReport(
        port.label,
        printable(port.name, 100),
        printable(port.language, 100),
        port.precision,
        [printable(name, 100) for name in offer.methods] if offer else [],
        [printable(name, 100) for name in offer.profiles] if offer else [],
    )


def case_report(result: Result, asked: Asked) -> CaseReport:
    """The report's part about a finished case."""
    comparison = result.comparison or Comparison((), 0.0, "", 0, 0, 0.0)
    case = result.case
    return CaseReport(
        slug=case.slug,
        level=case.level,
        about=case.about,
        method=case.method,
        outcome=result.outcome,
        detail=result.detail,
        seconds=round(result.seconds, 4),
        worst=number(comparison.worst),
        worst_at=comparison.worst_at,
        values=comparison.values,
        identical=comparison.identical,
        ulps=number(comparison.ulps),
        differences=[_difference(d) for d in comparison.divergences[:DIFFERENCES_KEPT]],
        tainted_by="",
        rerun=rerun_command(asked, case.slug),
        log=tail(result.log),
    )


def _difference(divergence: Divergence) -> Difference:
    return Difference(
        part=printable(divergence.part, 200),
        pointer=printable(divergence.pointer, 200),
        first=printable(divergence.first or divergence.pointer, 200),
        expected=divergence.expected,
        got=divergence.got,
        budgets=number(divergence.ratio),
        wrong=divergence.wrong,
        values=divergence.values,
    )


def rerun_command(asked: Asked, slug: str) -> str:
    """A command that runs a case again, with the same fresh numbers."""
    words = [f"PORT={shlex.quote(asked.port.label)}"]
    if asked.profile != MICROGPT.name:
        words.append(f"PROFILE={asked.profile}")
    words.append(f"CASE={shlex.quote(slug)}")
    options = [f"--seed {asked.seed}", *(f"--set {shlex.quote(s)}" for s in asked.settings)]
    return f"make conform {' '.join(words)} ARGS='{' '.join(options)}'"
