"""Locates the first wrong number: its case, its place, and the operation that computes it.

Values are compared in the order of computation, so the first wrong one has right inputs. The
operation that computes it is to blame, and later values are tainted. Inputs that the suite
provides (those of a layer, the gradients of an update) are right.
"""

from collections.abc import Collection

from conformance.anatomy.levels import Level
from conformance.anatomy.nested_numbers import index_of
from conformance.asking.case_result import Result
from conformance.judging.compare import in_budgets
from conformance.judging.outcome import Outcome
from conformance.judging.report import CaseReport, Difference, Report
from conformance.oracle.answer import Answer
from golden.trace import Number, number
from ports_adapter.messages import InitializeResult

from .diagnosis import FirstDivergence, Place
from .judged_cases import JudgedCases, tensor_at
from .program_place import place_of


def first_divergence(report: Report, cases: JudgedCases) -> FirstDivergence | None:
    """The first wrong number of a run, or None if no case failed."""
    slug = _first_case(report, cases)
    case = next((case for case in report.cases if case.slug == slug), None)
    if case is None:
        return None
    judged = cases.by_slug.get(slug)
    tainted = [other.slug for other in report.cases if other.tainted_by]
    sound = [str(level.level) for level in report.levels if level.outcome is Outcome.PASS]
    if not case.differences:
        place = Place("", "other", "", case.method, words=f"the answer to {case.method}")
        return FirstDivergence(
            slug, place, "an answer", case.detail, "Infinity", [], tainted, sound
        )
    first = case.differences[0]
    pointer = first.first or first.pointer
    params = judged.exchange.params if judged and judged.exchange else None
    expected, got, budgets = _at(pointer, first, judged)
    return FirstDivergence(
        case=slug,
        place=place_of(pointer, params, case.method),
        expected=expected,
        got=got,
        budgets=budgets,
        evidence=[*_evidence(case, judged), *_others(report, case.level)],
        tainted=tainted,
        sound=sound,
    )


def _at(pointer: str, worst: Difference, judged: Result | None) -> tuple[str, str, Number]:
    """The expected number at a place, the port's, and the error in budgets.

    The report has a part's worst number; the first wrong one is looked up here.
    """
    in_report = worst.expected, worst.got, worst.budgets
    if judged is None or judged.exchange is None or pointer == worst.pointer:
        return in_report
    tensor = tensor_at(judged.exchange, worst.part.removeprefix(judged.exchange.at))
    index = index_of(tensor[0], pointer.removeprefix(worst.part)) if tensor else None
    if tensor is None or index is None:
        return in_report
    _, right, actual, budgets = tensor
    error = in_budgets(right, actual, budgets)[index]
    return repr(float(right[index])), repr(float(actual[index])), number(float(error))


def _first_case(report: Report, cases: JudgedCases) -> str:
    """The slug of the first case of the first root level, preferably one with wrong numbers."""
    failing = [case for case in report.cases if case.outcome.is_failure and case.fails]
    roots = cases.roots
    if not roots:
        return failing[0].slug if failing else ""
    failed = [case for case in failing if case.level is roots[0]]
    return next((c.slug for c in failed if c.differences), failed[0].slug if failed else "")


def _others(report: Report, level: Level) -> list[str]:
    """Sentences on other levels that fail independently of this one."""
    seen, sentences = {level}, []
    for case in report.cases:
        counts = case.outcome.is_failure and case.fails
        if counts and not case.tainted_by and case.level not in seen:
            seen.add(case.level)
            sentences.append(
                f"Independently, {case.level} fails too, first in {case.slug}: {case.detail}"
            )
    return sentences


def _evidence(case: CaseReport, judged: Result | None) -> list[str]:
    """Sentences on the right parts around the first wrong part, and on its wrong numbers."""
    first = case.differences[0]
    sentences = []
    if first.values > 1:
        sentences.append(
            f"{first.wrong:,} of the {first.values:,} numbers of {first.part} are out of budget. "
            f"The first is {first.first or first.pointer}, the worst is {first.pointer}."
        )
    if judged and judged.exchange and judged.comparison:
        wrong = {
            divergence.part.removeprefix(judged.exchange.at)
            for divergence in judged.comparison.divergences
        }
        part = first.part.removeprefix(judged.exchange.at)
        before, after = _around(judged.exchange.expected, part, wrong)
        if before:
            sentences.insert(0, f"Correct before it: {', '.join(before[-4:])}.")
        else:
            sentences.insert(0, "The case compares nothing before it.")
        if after:
            sentences.append(f"Correct after it nevertheless: {', '.join(after[:6])}.")
    return sentences


def _around(expected: Answer, part: str, wrong: Collection[str]) -> tuple[list[str], list[str]]:
    """The right parts that are computed before a part, and those after it."""
    order = list(expected)
    at = order.index(part) if part in order else len(order)
    right = [[p for p in half if p not in wrong] for half in (order[:at], order[at + 1 :])]
    return right[0], right[1]


def is_black_box(report: Report, offer: InitializeResult | None) -> bool:
    """Whether the model fails, and the port offers no intermediate values."""
    failing = {level.level for level in report.levels if level.outcome is Outcome.MISMATCH}
    return bool(offer and not offer.intermediates and failing & {Level.FORWARD, Level.BACKWARD})
