"""Makes the diagnosis of a trace: the first wrong step, and the known mistake that explains it."""

import time
from collections.abc import Sequence

from msgspec import structs

from conformance.judging.outcome import Outcome
from conformance.judging.report import Report
from conformance.mistakes import MISTAKES, Mistake
from conformance.traces.checks.traced_case import TracedCase
from golden.budgets import Precision
from ports_adapter.messages import InitializeResult

from .diagnosing import Note, error_maps
from .diagnosis import Diagnosis, FirstDivergence, Place, without_explanation
from .judged_cases import JudgedCases
from .locating import first_divergence
from .naming import MistakeSearch, named_mistakes
from .program_place import REACHED_THROUGH
from .symptoms import symptoms

SECONDS = 30.0
"""The processor time for the search: a step of a trace takes longer than the cases of a run."""

LOGITS = "forward/trace-logits"
LOSS = "forward/trace-loss"
"""The case whose right answer refutes the mistakes of the forward pass."""


def diagnosed_trace(
    report: Report,
    traced: Sequence[TracedCase],
    precision: Precision,
    note: Note,
    mistakes: Sequence[Mistake] = tuple(MISTAKES.values()),
) -> Diagnosis:
    """The diagnosis of a trace; the program itself is not run.

    Args:
        report: the report on the trace.
        traced: its cases.
        precision: in which the program computes.
        note: called with the current activity.
        mistakes: the known mistakes to try.
    """
    started = time.monotonic()
    offer = InitializeResult(
        protocol_version=1,
        name=report.port.name,
        language=report.port.language,
        precision=precision,
        methods=[],
        profiles=[report.profile],
    )
    cases = JudgedCases()
    for case in traced:
        cases(case.result(offer))
    first = first_divergence(report, cases)
    if first is None:
        return without_explanation(report)
    divergence = structs.replace(first, place=_as_far_as_shown(first, report))
    note("trying the known mistakes")
    refuters = [judged for judged in cases.right if judged.case.slug == LOSS]
    search = MistakeSearch(cases, offer, mistakes, seconds=SECONDS, refuters=refuters)
    names = named_mistakes(search)
    note("done")
    return Diagnosis(
        report=report,
        divergence=divergence,
        names=names,
        symptoms=symptoms(cases),
        smallest=[],
        maps=list(error_maps(cases, divergence)),
        curves=[],
        seconds=time.monotonic() - started,
    )


def _as_far_as_shown(first: FirstDivergence, report: Report) -> Place:
    """The place of the first wrong number; what the trace does not show may be to blame, too."""
    place, shown = first.place, {c.slug for c in report.cases if c.outcome is Outcome.PASS}
    node = place.node.rpartition(".")[2]
    match first.case:
        case "forward/trace-logits":
            operation = "the forward pass, from the embeddings to the logits"
        case "forward/trace-loss" if LOGITS not in shown:
            operation = "the forward pass, from the embeddings to the loss"
        case "backward/trace-grads" if node in REACHED_THROUGH:
            operation = f"{REACHED_THROUGH[node]}, or {place.operation}"
        case _:
            return place
    return structs.replace(place, operation=operation)
