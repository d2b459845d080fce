"""Makes the diagnosis of a trace: the first wrong step, and the known mistake that explains it."""

import time
from collections.abc import Collection, Sequence

from msgspec import structs

from conformance.anatomy.computation_order import backward_order, forward_order
from conformance.anatomy.levels import Level
from conformance.judging.outcome import Outcome
from conformance.judging.report import Report, excused
from conformance.mistakes import MISTAKES, Mistake
from conformance.traces.judge_trace import JudgedTrace
from ports_adapter.messages import InitializeResult
from reference.config import Config

from .diagnosing import Note, error_maps
from .diagnosis import Diagnosis, FirstDivergence, NamedMistake, Place, without_explanation
from .judged_cases import JudgedCases
from .locating import first_divergence
from .naming import MistakeSearch, named_mistakes
from .program_place import COMPUTED_BY, REACHED_THROUGH
from .symptoms import symptoms

SECONDS = 30.0
"""The processor time for the search: a step of a trace takes longer than the cases of a run."""

PARTS = {
    "the model": (Level.FORWARD, Level.BACKWARD),
    "the update": (Level.ADAM,),
}
"""The parts of a trace that are judged apart, so that each may have a mistake of its own."""

NODES = "forward/trace-nodes"
LOGITS = "forward/trace-logits"
LOSS = "forward/trace-loss"
"""The case whose right answer refutes the mistakes of the forward pass."""


def diagnosed_trace(
    report: Report,
    judged: JudgedTrace,
    note: Note,
    mistakes: Sequence[Mistake] = tuple(MISTAKES.values()),
) -> Diagnosis:
    """The diagnosis of a trace; the program itself is not run.

    Args:
        report: the report on the trace.
        judged: what it shows.
        note: called with the current activity.
        mistakes: the known mistakes to try.
    """
    started = time.monotonic()
    offer = InitializeResult(
        protocol_version=1,
        name=report.port.name,
        language=report.port.language,
        precision=judged.precision,
        methods=[],
        profiles=[report.profile],
    )
    cases = JudgedCases()
    for case in judged.cases:
        cases(case.result(offer))
    cases.leave_out(excused(report))
    first = first_divergence(report, cases)
    if first is None:
        return without_explanation(report)
    place = _as_far_as_shown(first, report, judged, cases)
    divergence = structs.replace(first, place=place)
    names: list[NamedMistake] = []
    unnamed: list[str] = []
    for part, levels in PARTS.items():
        note(f"trying the known mistakes in {part}")
        inside = _of_levels(cases, levels)
        found = _named(inside, offer, part, mistakes)
        names += found
        unnamed += [part] if inside.wrong and not found else []
    note("done")
    return Diagnosis(
        report=report,
        divergence=divergence,
        names=names,
        unnamed=unnamed,
        symptoms=symptoms(cases),
        smallest=[],
        maps=list(error_maps(cases, divergence)),
        curves=[],
        seconds=time.monotonic() - started,
    )


def _of_levels(cases: JudgedCases, levels: Sequence[Level]) -> JudgedCases:
    """The cases of a part of the trace, which is judged from right inputs."""
    return JudgedCases(
        {
            slug: judged
            for slug, judged in cases.by_slug.items()
            if judged.exchange is not None and judged.case.level in levels
        }
    )


def _named(
    inside: JudgedCases, offer: InitializeResult, part: str, mistakes: Sequence[Mistake]
) -> list[NamedMistake]:
    """The mistakes that explain a part of the trace."""
    refuters = [judged for judged in inside.right if judged.case.slug == LOSS]
    search = MistakeSearch(inside, offer, mistakes, seconds=SECONDS, refuters=refuters)
    return [structs.replace(name, part=part) for name in named_mistakes(search)]


def _as_far_as_shown(
    first: FirstDivergence, report: Report, judged: JudgedTrace, cases: JudgedCases
) -> Place:
    """The place of the first wrong number; what the trace does not show may be to blame, too."""
    place, shown = first.place, {c.slug for c in report.cases if c.outcome is Outcome.PASS}
    config = judged.config
    nodes = _nodes_shown(cases)
    match first.case:
        case "forward/trace-nodes":
            operation = _between(nodes, place.node, config)
        case "forward/trace-logits":
            operation = _between(nodes, "logits", config)
        case "forward/trace-loss" if LOGITS not in shown:
            operation = _between(nodes, "the loss", config)
        case "backward/trace-grads":
            operation = f"{_passed_back(place.node, config)}, or {place.operation}"
        case "random/trace-weights":
            operation = "the drawing of the first weights"
        case _:
            return place
    return structs.replace(place, operation=operation)


def _nodes_shown(cases: JudgedCases) -> set[str]:
    """The intermediate values that the trace has."""
    judged = cases.by_slug.get(NODES)
    expected = judged.exchange.expected if judged and judged.exchange else {}
    return {pointer.split("/")[2] for pointer in expected}


def _between(shown: Collection[str], node: str, config: Config) -> str:
    """What computes a node, or the loss, from the last node before it that the trace shows."""
    nodes = [*forward_order(config), "the loss"]
    hidden: list[str] = []
    for name in reversed(nodes[: nodes.index(node)]):
        if name in shown:
            break
        hidden.insert(0, name)
    if not hidden:
        return COMPUTED_BY[node.rpartition(".")[2]]
    begin = "the embeddings" if hidden[0] == nodes[0] else hidden[0]
    if (begin, node) == ("logits", "the loss"):
        return f"{COMPUTED_BY['logits']}, or the loss"
    return f"the forward pass, from {begin} to {'the logits' if node == 'logits' else node}"


def _passed_back(node: str, config: Config) -> str:
    """The operations that pass gradients back to a node from the last one whose weights show."""
    between: list[str] = []
    for name, weights in backward_order(config):
        between.append(name)
        if name == node:
            break
        if weights:
            between.clear()
    if len(between) == 1:
        return REACHED_THROUGH[node.rpartition(".")[2]]
    return f"the backward pass at one of {', '.join(between)}"
