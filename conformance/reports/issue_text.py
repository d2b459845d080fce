"""A Markdown text for the author of a port, to be filed as an issue where the port lives.

It says what is wrong, where, by how much, how to mend it, and how to see it again. As in
`markdown`, text of a port stands in code spans and code blocks alone.
"""

from collections.abc import Iterable, Iterator

from conformance.explanation.diagnosis import Diagnosis, FirstDivergence, NamedMistake, SmallestCase
from conformance.judging.outcome import ExitCode
from conformance.judging.report import CaseReport, Report

from .markdown import block, code
from .terminal.run_text import budgets

BUDGET = (
    "The budget of a number is how far rounding alone may move it from the reference's, computed "
    "from the port's own numbers."
)
FAILURES_SHOWN = 10


def issue_text(diagnosis: Diagnosis) -> str:
    """The text of an issue about the first failure of a port, and the mistakes that explain it."""
    return "\n".join(_lines(diagnosis)) + "\n"


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    report = diagnosis.report
    failures = [case for case in report.cases if case.fails and case.outcome.is_failure]
    yield f"# {_title(diagnosis, failures)}"
    yield ""
    if report.exit_code is ExitCode.PASS or not failures:
        yield f"The verdict on {code(report.port.name)} is {code(report.verdict, 400)}."
        return
    yield (
        f"I compared {code(report.port.name)} with the microgpt that Andrej Karpathy published, "
        f"number by number: {code(report.verdict, 400)}."
    )
    yield from _what(diagnosis)
    first = _first(diagnosis, failures)
    yield from _where(diagnosis.divergence, first)
    yield from _others([case for case in failures if case is not first])
    yield from _again(report, first, diagnosis.smallest)


def _first(diagnosis: Diagnosis, failures: list[CaseReport]) -> CaseReport:
    """The failure to look at first: the one that was explained, or else the first one."""
    slug = diagnosis.divergence.case if diagnosis.divergence else ""
    return next((case for case in failures if case.slug == slug), failures[0])


def _title(diagnosis: Diagnosis, failures: list[CaseReport]) -> str:
    if not failures:
        return "Nothing is wrong"
    if diagnosis.names:
        parts = diagnosis.names_by_part.values()
        titles = [[" and ".join(name.titles) for name in alike] for alike in parts]
        return _sentence(" or ".join(map(_sentence_part, alike)) for alike in titles)
    place = diagnosis.divergence.place if diagnosis.divergence else None
    about = place.words if place and place.words else f"a right port {failures[0].about}"
    return f"Wrong: {about}"


def _sentence(parts: Iterable[str]) -> str:
    whole = "; ".join(parts)
    return whole[:1].upper() + whole[1:]


def _sentence_part(title: str) -> str:
    article, _, rest = title.partition(" ")
    return f"{article.lower()} {rest}" if article in ("The", "A", "An") else title


def _what(diagnosis: Diagnosis) -> Iterator[str]:
    for part, alike in diagnosis.names_by_part.items():
        yield from ("", f"## What is wrong{f' in {part}' if part else ''}", "")
        if len(alike) > 1:
            yield f"One of these {len(alike)}, which these numbers cannot tell apart:"
            yield ""
        for name in alike:
            yield from _named(name)
    if diagnosis.names or diagnosis.divergence is None:
        return
    if operation := diagnosis.divergence.place.operation:
        yield from ("", "## What is wrong", "", f"To blame: {operation}.")
        yield from (f"- {code(sentence, 400)}" for sentence in diagnosis.symptoms)


def _named(name: NamedMistake) -> Iterator[str]:
    for title, what, why in zip(name.titles, name.what, name.why, strict=True):
        yield f"**{title}.** {what} {why}"
        yield ""
    yield (
        f"A program with {'this mistake' if len(name.titles) == 1 else 'these mistakes'} gives "
        f"{name.explains:,} of {name.values:,} of the numbers compared, within "
        f"{float(name.worst):.2g} of budget."
    )
    yield from ("", "**To mend it:**", "")
    yield from (f"- {mend}" for mend in name.mend)
    yield from (f"- To tell it from the others: {each}" for each in name.experiments)


def _where(first: FirstDivergence | None, failure: CaseReport) -> Iterator[str]:
    yield from ("", "## Where it shows first", "")
    if first is None or not first.place.pointer:
        yield f"{code(failure.slug)} ends with {code(failure.outcome)}: {code(failure.detail, 400)}"
        if failure.log:
            yield from block(failure.log)
        return
    place, error = first.place, float(first.budgets)
    words = f", {place.words}" if place.words else ""
    yield from (f"In {code(first.case)} at {code(place.pointer)}{words}:", "")
    yield from ("| | |", "| --- | --- |")
    yield f"| expected | {_cell(first.expected)} |"
    yield f"| got | {_cell(first.got)} |"
    if error != float("inf"):
        yield f"| off by | {budgets(error)} |"
    yield from ("", BUDGET)
    if first.sound:
        yield f"Right, given right inputs: {', '.join(first.sound)}."


def _cell(text: str) -> str:
    # A row is split at every pipe, one in code as well.
    return code(text.replace("|", "¦"))


def _others(failures: list[CaseReport]) -> Iterator[str]:
    if not failures:
        return
    yield from ("", "These fail, too; some may come from it:", "")
    for case in failures[:FAILURES_SHOWN]:
        yield f"- {code(case.slug)}: {code(case.detail)}"
    if len(failures) > FAILURES_SHOWN:
        yield f"- and {len(failures) - FAILURES_SHOWN} more"


def _again(report: Report, failure: CaseReport, smallest: list[SmallestCase]) -> Iterator[str]:
    yield from ("", "## How to see it again", "")
    yield f"With version {report.suite_version} of the conformance suite for ports of microgpt:"
    yield from block([failure.rerun])
    for each in smallest:
        yield f"The smallest case that fails, {each.about}, as a test in {each.language}:"
        yield from block(each.source.splitlines())
