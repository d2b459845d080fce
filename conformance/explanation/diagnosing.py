"""Makes the diagnosis of a finished run."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from msgspec import structs

from conformance.anatomy.judged_program import JudgedProgram
from conformance.anatomy.levels import Level
from conformance.anatomy.nested_numbers import shape_of
from conformance.asking.case_result import Result
from conformance.judging.compare import in_budgets
from conformance.judging.report import Report
from conformance.mistakes import MISTAKES, Mistake
from conformance.oracle.answer import Numbers
from golden.trace import number
from ports_adapter.failures import PortFailure
from ports_adapter.manifest import Port
from ports_adapter.messages import InitializeResult, TrainParams
from ports_adapter.quoting import printable

from .diagnosis import Diagnosis, ErrorMap, FirstDivergence, LossCurves, SmallestCase
from .judged_cases import JudgedCases, tensor_at
from .locating import first_divergence, is_black_box
from .naming import MistakeSearch, named_mistakes
from .probing import LEVEL_OF, ProbeResult, probe, situations_of
from .symptoms import symptoms

RECORDED_STEP = re.compile(r"-step-([0-9]+)$")
"""The end of the slugs of recorded training steps, which are counted from 1."""

TENSORS_STEP_BY_STEP = 12
MAPS_OF_A_CASE = 40
NUMBERS_OF_A_MAP = 4096

Note = Callable[[str], None]
"""Takes a few words on the current activity, to show progress."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: the port, its report, the judged cases, and the mistakes to try."""

    port: Port
    report: Report
    cases: JudgedCases
    mistakes: Sequence[Mistake] = tuple(MISTAKES.values())

    @property
    def offer(self) -> InitializeResult | None:
        """The port's answer to `initialize`, or None if it never answered."""
        return self.cases.offer

    @property
    def can_be_asked(self) -> bool:
        """Whether the port can be run again; one whose answers are in a file cannot."""
        return bool(self.port.run)

    @property
    def judged_program(self) -> JudgedProgram:
        """The program that the port was judged by."""
        return JudgedProgram.of(self.report.profile, self.report.settings)


Shrink = Callable[[Run], list[SmallestCase]]


def diagnose(run: Run, note: Note, shrink: Shrink, transcript: str = "") -> Diagnosis:
    """Explain a run. This may run the port again, if it can be run.

    Args:
        run: the run.
        note: called with the current activity.
        shrink: gives the smallest cases that still fail.
        transcript: the file that the run was recorded in, or empty.
    """
    started = time.monotonic()
    report, cases = run.report, run.cases
    divergence = first_divergence(report, cases)
    names, found, smallest = [], [], []
    if divergence is not None and run.offer is not None:
        if run.can_be_asked and is_black_box(report, run.offer):
            note("probing the model, part by part")
            divergence = _probed(run, divergence, run.offer)
        note("trying the known mistakes")
        names = named_mistakes(MistakeSearch(cases, run.offer, run.mistakes))
        found = symptoms(cases)
        note("looking for the smallest case that fails")
        smallest = shrink(run)
    note("done")
    return Diagnosis(
        report=report,
        divergence=divergence,
        names=names,
        symptoms=found,
        smallest=smallest,
        maps=list(error_maps(cases, divergence)),
        curves=list(loss_curves(cases)),
        transcript=transcript,
        seconds=time.monotonic() - started,
    )


def _probed(run: Run, first: FirstDivergence, offer: InitializeResult) -> FirstDivergence:
    """The divergence with the results of probing, if the model is what fails first."""
    level = Level(first.case.partition("/")[0])
    if level not in LEVEL_OF:
        return first
    try:
        probed: ProbeResult = probe(
            run.port, situations_of(run.judged_program, run.report.seed, offer), LEVEL_OF[level]
        )
    except PortFailure as failure:
        evidence = [*first.evidence, f"Probing stopped early: {failure}"]
        return structs.replace(first, evidence=evidence)
    evidence = [*first.evidence, *probed.evidence]
    if probed.place is None:
        return structs.replace(first, evidence=evidence)
    place = structs.replace(first.place, node=probed.place.node, operation=probed.place.operation)
    return structs.replace(first, evidence=evidence, place=place)


def error_maps(cases: JudgedCases, first: FirstDivergence | None) -> Iterator[ErrorMap]:
    """The tensors of the first wrong case, and the wrong tensors of recorded training steps."""
    if first is None or first.case not in cases.by_slug:
        return
    judged = cases.by_slug[first.case]
    yield from list(_maps_of(judged))[:MAPS_OF_A_CASE]
    recorded = [k for k in cases.wrong if RECORDED_STEP.search(k.case.slug) and k is not judged]
    wrong = [d.part for k in recorded if k.comparison for d in k.comparison.divergences]
    shown = [part for part, _ in Counter(wrong).most_common(TENSORS_STEP_BY_STEP)]
    for other in recorded:
        yield from (found for found in _maps_of(other) if found.pointer in shown)


def _maps_of(judged: Result) -> Iterator[ErrorMap]:
    exchange = judged.exchange
    if exchange is None:
        return
    found = RECORDED_STEP.search(judged.case.slug)
    repeated = {f"/intermediates{pointer}" for pointer in exchange.expected}
    for pointer in exchange.expected:
        tensor = None if pointer in repeated else tensor_at(exchange, pointer)
        if tensor is None or not 1 < tensor[1].size <= NUMBERS_OF_A_MAP:
            continue
        nested, right, actual, budgets = tensor
        errors = in_budgets(right, actual, budgets)
        yield ErrorMap(
            case=judged.case.slug,
            pointer=printable(pointer, 200),
            step=int(found[1]) - 1 if found else None,
            shape=_sizes(nested, right.size),
            expected=[number(float(x)) for x in right],
            got=[number(float(x)) for x in actual],
            errors=[number(float(x)) for x in errors],
        )


def _sizes(value: object, count: int) -> list[int]:
    """The shape of nested lists, or the number of elements if they are ragged."""
    shape = shape_of(value)
    if not isinstance(shape, str):
        return [count]
    return [int(size.rstrip("]")) for size in shape.split("[")[1:]] or [count]


def loss_curves(cases: JudgedCases) -> Iterator[LossCurves]:
    """The losses of the longest training run that the port completed."""
    trainings = [
        judged
        for judged in cases.by_slug.values()
        if judged.exchange is not None and isinstance(judged.exchange.params, TrainParams)
    ]
    for judged in sorted(trainings, key=_steps, reverse=True)[:1]:
        yield _curves(judged)


def _steps(judged: Result) -> int:
    return judged.exchange.params.steps if judged.exchange else 0


def _curves(judged: Result) -> LossCurves:
    assert judged.exchange is not None
    steps, expected = judged.exchange.got["steps"], judged.exchange.expected
    losses = ((expected.get(f"/steps/{n}/loss"), step.loss) for n, step in enumerate(steps))
    rows = [(part.value, part.budget, got) for part, got in losses if isinstance(part, Numbers)]
    reference, budgets, port = ([number(float(row[n])) for row in rows] for n in range(3))
    first = judged.exchange.params.step
    return LossCurves(judged.case.slug, first, reference, budgets, port)
