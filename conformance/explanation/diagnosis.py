"""The diagnosis of a failed run, as plain data for the terminal and the page.

Numbers that are not finite are strings, as in reports.
"""

from typing import Literal

from msgspec import Struct

from conformance.judging.report import Report
from golden.trace import Number

Pass = Literal["forward", "backward", "update", "other"]


class Place(Struct, frozen=True):
    """The place of a number in the program.

    `node` is the name of an intermediate value (`layer0.attn_scores`, `logits`), listed in
    `conformance.anatomy.computation_order`, and empty outside the model. `operation` describes
    what computes it. Coordinates count from 0, and are None if they do not apply.
    """

    pointer: str
    direction: Pass
    node: str
    operation: str
    layer: int | None = None
    head: int | None = None
    position: int | None = None
    row: int | None = None
    column: int | None = None
    words: str = ""


class FirstDivergence(Struct, frozen=True):
    """The first wrong number.

    `evidence` is sentences on what was compared. `tainted` lists failed cases whose inputs may
    already be wrong. `sound` lists the levels that passed with inputs from the suite.
    """

    case: str
    place: Place
    expected: str
    got: str
    budgets: Number
    evidence: list[str]
    tainted: list[str]
    sound: list[str]


class NamedMistake(Struct, frozen=True):
    """A known mistake, or several at once, that give the port's numbers.

    Of the `values` numbers in the failed `cases`, `explains` are within budget of the mistake's,
    and the worst is at `worst` budgets. `experiments` distinguish it from the other mistakes
    that explain the numbers. `part` is what of a trace they were looked for in, such as the
    update; it is empty for a port.
    """

    slugs: list[str]
    titles: list[str]
    what: list[str]
    why: list[str]
    mend: list[str]
    explains: int
    values: int
    worst: Number
    cases: list[str]
    experiments: list[str]
    part: str = ""


class SmallestCase(Struct, frozen=True):
    """The smallest question that still fails, with a test in the port's language."""

    about: str
    language: str
    file_name: str
    source: str


class ErrorMap(Struct, frozen=True):
    """The numbers of one tensor of an answer, flattened row by row.

    `errors` are in budgets. `step` is set if the case is a recorded training step.
    """

    case: str
    pointer: str
    step: int | None
    shape: list[int]
    expected: list[Number]
    got: list[Number]
    errors: list[Number]


class LossCurves(Struct, frozen=True):
    """Losses in nats from the 0-based step `first` on, with their budgets."""

    case: str
    first: int
    reference: list[Number]
    budgets: list[Number]
    port: list[Number]


class Diagnosis(Struct, frozen=True, kw_only=True):
    """The explanation of a run.

    `names` are the mistakes that explain the numbers, the best first; there are several if they
    cannot be distinguished. `unnamed` are the wrong parts of a trace that no known mistake
    explains. `symptoms` are sentences on the pattern of the errors. `transcript` is the file that
    replays the run, or empty.
    """

    report: Report
    divergence: FirstDivergence | None
    names: list[NamedMistake]
    symptoms: list[str]
    smallest: list[SmallestCase]
    maps: list[ErrorMap]
    curves: list[LossCurves]
    unnamed: list[str] = []
    transcript: str = ""
    seconds: float = 0.0

    @property
    def names_by_part(self) -> dict[str, list[NamedMistake]]:
        """The named mistakes of each part; those of one part cannot be distinguished."""
        parts: dict[str, list[NamedMistake]] = {}
        for name in self.names:
            parts.setdefault(name.part, []).append(name)
        return parts


def without_explanation(report: Report) -> Diagnosis:
    """The diagnosis of a run that is not explained beyond its report."""
    return Diagnosis(
        report=report, divergence=None, names=[], symptoms=[], smallest=[], maps=[], curves=[]
    )
