"""What can be told of a failed run: the model that the terminal and the page are made from.

Everything here is plain data. Numbers that are not finite are strings, as in reports.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from conformance.judging.report import Report
from golden.trace import Number

Pass = Literal["forward", "backward", "update", "other"]


class Place(Struct, frozen=True):
    """Where in the program a number stands.

    `node` is an observable's name (`layer0.attn_scores`, `logits`), empty outside of the model;
    `conformance.anatomy.computation_order` lists all. `operation` is what computes it, in words.
    The coordinates that do not apply are None; all count from 0.
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
    """The first wrong number, and how we know.

    `evidence` is sentences, what was asked and how that ended. `tainted` are the failed cases
    whose inputs may be wrong already, `sound` the levels that were judged from injected inputs
    and passed.
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
    """A known mistake, or several at once, whose numbers the port's are.

    `explains` of `values` numbers of the failed cases are within budget of the mistake's, the
    worst at `worst` budgets. `experiments` tell it apart from the other names that fit as well.
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


class SmallestCase(Struct, frozen=True):
    """The smallest question that still fails, as a test in the port's language."""

    about: str
    language: str
    file_name: str
    source: str


class ErrorMap(Struct, frozen=True):
    """The numbers of one tensor of an answer, flat, row by row; `step` is set in a training.

    `errors` are in budgets.
    """

    case: str
    pointer: str
    step: int | None
    shape: list[int]
    expected: list[Number]
    got: list[Number]
    errors: list[Number]


class LossCurves(Struct, frozen=True):
    """Losses in nats from the 0-based step `first` on, and how far each may be off."""

    case: str
    first: int
    reference: list[Number]
    budgets: list[Number]
    port: list[Number]


class Diagnosis(Struct, frozen=True, kw_only=True):
    """All of it. `names` are best first; several if they cannot be told apart.

    `symptoms` are sentences about the errors' form. `transcript` is the file that replays the
    run, if it was kept.
    """

    report: Report
    divergence: FirstDivergence | None
    names: list[NamedMistake]
    symptoms: list[str]
    smallest: list[SmallestCase]
    maps: list[ErrorMap]
    curves: list[LossCurves]
    transcript: str = ""
    seconds: float = 0.0


def without_explanation(report: Report) -> Diagnosis:
    """The diagnosis of a run of which no more is told than its report has."""
    return Diagnosis(
        report=report, divergence=None, names=[], symptoms=[], smallest=[], maps=[], curves=[]
    )
