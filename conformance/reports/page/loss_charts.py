"""The losses of a training: charts of port and reference, and a table of all steps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.explanation.diagnosis import LossCurves
from conformance.judging.compare import in_budgets
from golden.numbers import as_array

from .line_chart import Chart, Series, Shape, line_chart
from .visible_text import amount, counted

LEAST, MOST = 1e-3, 1e16
"""The errors, in budgets, at which the lower chart ends at the latest."""

GREY, BLUE, RED = "#808997", "#2f86d6", "#d4483b"


@dataclass(frozen=True, slots=True)
class LossStep:
    """The losses of one step, which counts from 1, and how far apart they are, in budgets."""

    step: int
    reference: float
    budget: float
    port: float

    @property
    def apart(self) -> float:
        """The error in budgets; infinite if it is no number, or if nothing is allowed."""
        numbers = (self.reference, self.port, self.budget)
        return float(in_budgets(*(as_array([number]) for number in numbers))[0])

    @property
    def is_wrong(self) -> bool:
        """Whether the port's loss is outside of the envelope."""
        return not self.apart <= 1


@dataclass(frozen=True, slots=True)
class LossSection:
    """What the page shows of one training; `table` has a line for each step."""

    case: str
    words: str
    charts: list[Chart]
    table: str


def loss_sections(found: Iterable[LossCurves]) -> list[LossSection]:
    """The trainings of a diagnosis, as far as reference, budgets and port reach."""
    return [_section(curves.case, list(_steps(curves))) for curves in found]


def _steps(curves: LossCurves) -> Iterator[LossStep]:
    rows = zip(curves.reference, curves.budgets, curves.port, strict=False)
    for step, (reference, budget, port) in enumerate(rows, curves.first + 1):
        yield LossStep(step, float(reference), float(budget), float(port))


def _section(case: str, steps: list[LossStep]) -> LossSection:
    wrong = [one for one in steps if one.is_wrong]
    words = "all within the envelope"
    if wrong:
        words = f"{len(wrong)} outside of the envelope, first at step {wrong[0].step}"
    first = f" from step {steps[0].step} on" if steps else ""
    return LossSection(
        case,
        f"{counted(len(steps), 'step')}{first}; {words}.",
        [_losses(steps), _errors(steps)],
        "\n".join(_lines(steps)),
    )


def _lines(steps: list[LossStep]) -> Iterator[str]:
    yield f"{'step':>5}  {'reference':22}  {'port':22}  of budget"
    for one in steps:
        sign = " ✗" if one.is_wrong else ""
        yield f"{one.step:5}  {one.reference!r:22}  {one.port!r:22}  {amount(one.apart)}{sign}"


def _losses(steps: list[LossStep]) -> Chart:
    below = [(one.step, one.reference - one.budget) for one in steps]
    above = [(one.step, one.reference + one.budget) for one in reversed(steps)]
    reference = [(one.step, one.reference) for one in steps]
    port = [(one.step, one.port) for one in steps]
    return line_chart(
        "Losses of the port and of the reference, step by step",
        [
            Series("envelope", [*below, *above], GREY, width=1, shape=Shape.AREA),
            Series("reference", reference, GREY, dash="10 5", width=6),
            Series("port", port, BLUE),
        ],
        "step of the training",
        "loss, nats",
    )


def _errors(steps: list[LossStep]) -> Chart:
    def points(*, wrong: bool) -> list[tuple[float, float]]:
        return [
            (one.step, min(MOST, max(LEAST, one.apart))) for one in steps if one.is_wrong is wrong
        ]

    ends = [(one.step, 1.0) for one in (steps[:1] + steps[-1:])]
    return line_chart(
        "Differences of the losses in budgets, step by step",
        [
            Series("1 budget", ends, GREY, dash="4 4", width=1.5),
            Series("within", points(wrong=False), BLUE, width=5, shape=Shape.DOTS),
            Series("outside", points(wrong=True), RED, width=1.8, shape=Shape.CROSSES),
        ],
        "step of the training",
        "error, of budget",
        is_log=True,
    )
