"""Markdown for the summary of a job on GitHub.

All text of a port or a baseline stands in code spans on one line, so none of it becomes markup: no
HTML, link, image or mention.
"""

import re
from collections.abc import Iterator, Sequence

from conformance.judging.outcome import Outcome
from conformance.judging.standing import Standing
from ports_adapter.quoting import printable

from .summary import Ending, RunSummary
from .terminal.run_text import budgets

SHOWN = 200
"""The most characters of a text."""

LISTED = 50
"""The most items of a list; the rest is counted."""


def markdown(summary: RunSummary) -> str:
    """The run as Markdown, far shorter than the 1 MiB that GitHub allows."""
    return "\n".join(_lines(summary)) + "\n"


def code(text: str, limit: int = SHOWN) -> str:
    """Text, cut, as a code span."""
    shown = printable(text, limit).strip() or "-"
    fence = "`" * (_longest_run(shown) + 1)
    room = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{fence}{room}{shown}{room}{fence}"


def block(lines: Sequence[str]) -> Iterator[str]:
    """Lines, cut, as a code block."""
    shown = [printable(line, 1000) for line in lines[:LISTED]]
    fence = "`" * max(3, _longest_run("\n".join(shown)) + 1)
    yield from ("", f"{fence}text", *shown, fence, "")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _lines(summary: RunSummary) -> Iterator[str]:
    sign = "✅" if summary.passed else "❌"
    yield f"## {sign} microgpt conformance: {code(summary.title)}"
    yield ""
    grade = f" Grade: {code(summary.grade)}." if summary.passed else ""
    yield f"**{code(summary.verdict, 400)}**{grade}"
    yield ""
    yield from _table(summary)
    if summary.first is not None:
        yield from _first(summary.first)
    for words in summary.why[:LISTED]:
        yield f"- {code(words, 400)}"
    yield from _lists(summary)
    if summary.notes:
        yield ""
        yield from (f"- {code(note, 400)}" for note in summary.notes[:LISTED])
    if summary.facts:
        yield ""
        yield ", ".join(f"{name} {code(value)}" for name, value in summary.facts.items())


def _table(summary: RunSummary) -> Iterator[str]:
    if not summary.groups:
        return
    yield "| level | verdict | cases | worst error |"
    yield "| --- | --- | ---: | --- |"
    for group in summary.groups:
        sign = "✅" if group.outcome is Outcome.PASS else "❌" if group.outcome.is_failure else "–"
        # A row is split at every pipe, one in code as well.
        worst = code(group.worst.replace("|", "¦")) if group.worst else ""
        name = code(group.name.replace("|", "¦"))
        yield f"| {name} | {sign} {group.outcome} | {group.passed}/{group.asked} | {worst} |"
    yield ""


def _first(first: Ending) -> Iterator[str]:
    yield f"### First {'divergence' if first.difference else 'failure'}: {code(first.slug)}"
    yield ""
    if first.about:
        yield f"A right port {code(first.about)}, and this one ends with {code(first.outcome)}."
        yield ""
    if found := first.difference:
        yield f"- at {code(found.pointer)}"
        yield f"- expected {code(found.expected)}"
        yield f"- got {code(found.got)}"
        yield f"- off by {code(budgets(float(found.budgets)))}"
    elif first.detail:
        yield f"- {code(first.detail, 400)}"
    if first.reason:
        yield f"- {code(first.standing)}: {code(first.reason, 400)}"
    if first.rerun:
        yield from block([first.rerun])
    if first.log:
        yield from _details("The end of the port's log", block(first.log))


def _lists(summary: RunSummary) -> Iterator[str]:
    failing = [ending for ending in summary.failures if ending is not summary.first]
    lists = {
        "failing too": [e for e in failing if e.standing is Standing.COUNTS],
        "failing differently from the baseline": [
            e for e in failing if e.standing is Standing.DIFFERENT
        ],
        "that passes although the baseline expects it to fail": [
            e for e in summary.endings if e.standing is Standing.STALE
        ],
        "known to fail": [
            e for e in summary.endings if e.is_excused and e.standing is not Standing.ANNOUNCED
        ],
        "announced: it fails, is new, and counts from the next edition": [
            e for e in summary.endings if e.is_excused and e.standing is Standing.ANNOUNCED
        ],
    }
    for words, endings in lists.items():
        if endings:
            yield from _details(f"{_counted(len(endings))} {words}", _items(map(_said, endings)))
    if summary.unmatched:
        words = f"{_counted(len(summary.unmatched))} in the baseline that does not exist"
        yield from _details(words, _items(map(code, summary.unmatched)))


def _said(ending: Ending) -> str:
    why = ending.reason or ending.detail
    source = f"; may come from {code(ending.tainted_by)}" if ending.tainted_by else ""
    return f"{code(ending.slug)} ({ending.outcome}): {code(why)}{source}"


def _items(items: Iterator[str]) -> Iterator[str]:
    yield ""
    listed = list(items)
    yield from (f"- {item}" for item in listed[:LISTED])
    if len(listed) > LISTED:
        yield f"- and {len(listed) - LISTED} more"
    yield ""


def _details(summary: str, content: Iterator[str]) -> Iterator[str]:
    yield f"<details><summary>{summary}</summary>"
    yield from content
    yield "</details>"
    yield ""


def _counted(cases: int) -> str:
    return "1 case" if cases == 1 else f"{cases} cases"
