"""The diagnosis as a person reads it in a terminal: short, the most useful first."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from conformance.explanation.diagnosis import Diagnosis, FirstDivergence, NamedMistake, SmallestCase
from conformance.judging.outcome import ExitCode
from conformance.judging.report import excused

from .run_text import budgets, heading, level_rows, line

SYMPTOMS_SHOWN = 6
CASES_SHOWN = 5


def tell(diagnosis: Diagnosis, known: int, console: Console) -> None:
    """Print a diagnosis; `known` is how many mistakes were tried."""
    report = diagnosis.report
    console.print(heading(report))
    for row in level_rows(report):
        console.print(row, soft_wrap=True)
    if diagnosis.divergence is not None:
        _divergence(diagnosis.divergence, console)
        _names(diagnosis, known, console)
    for smallest in diagnosis.smallest:
        _smallest(smallest, console)
    console.print()
    style = "bold green" if report.exit_code is ExitCode.PASS else "bold red"
    line(console, f"{report.verdict}. Seed {report.seed}.", style=style)
    if diagnosis.divergence is None and report.exit_code is ExitCode.PASS:
        line(console, "Nothing to explain: every case passed that counts.")
    if left_out := len(excused(report)):
        line(console, f"Left out: {left_out} that the baseline excuses; see --no-baseline.")
    rerun = next((case.rerun for case in report.cases if case.fails), "")
    if rerun:
        line(console, f"Run the first case again: {rerun}")
    if diagnosis.transcript:
        line(console, f"The transcript is in {diagnosis.transcript}.")


def _divergence(first: FirstDivergence, console: Console) -> None:
    place = first.place
    _heading(console, f"First wrong: {first.case}")
    if place.pointer:
        line(console, f"  {place.pointer}: {place.words}")
        error = float(first.budgets)
        off = f", {budgets(error)} off" if error != float("inf") else ""
        line(console, f"  expected {first.expected}, got {first.got}{off}")
    else:
        line(console, f"  {first.got}")
    if place.operation:
        line(console, f"  To blame: {place.operation}.")
    for sentence in first.evidence:
        _wrapped(console, sentence)
    if first.sound:
        _wrapped(console, f"Sound, from injected inputs: {', '.join(first.sound)}.")
    if first.tainted:
        shown = ", ".join(first.tainted[:CASES_SHOWN])
        more = len(first.tainted) - CASES_SHOWN
        _wrapped(console, f"Tainted by it: {shown}" + (f" and {more} more." if more > 0 else "."))


def _names(diagnosis: Diagnosis, known: int, console: Console) -> None:
    if not diagnosis.names:
        _heading(console, f"None of the {known} known mistakes gives these numbers")
        for sentence in diagnosis.symptoms[:SYMPTOMS_SHOWN]:
            _wrapped(console, sentence)
        return
    if len(diagnosis.names) == 1:
        _heading(console, "This is a known mistake")
    else:
        _heading(
            console, f"One of {len(diagnosis.names)} known mistakes that cannot be told apart here"
        )
    for name in diagnosis.names:
        for words in _name(name):
            _wrapped(console, words)


def _name(name: NamedMistake) -> Iterator[str]:
    for slug, title in zip(name.slugs, name.titles, strict=True):
        yield f"{title} ({slug})"
    yield (
        f"explains {name.explains:,} of {name.values:,} numbers of {len(name.cases)} cases, "
        f"worst {float(name.worst):.2g} of budget"
    )
    for what, why, mend in zip(name.what, name.why, name.mend, strict=True):
        yield f"What: {what}"
        yield f"Why: {why}"
        yield f"To mend: {mend}"
    for experiment in name.experiments:
        yield f"To tell: {experiment}"


def in_short(diagnosis: Diagnosis) -> Iterator[str]:
    """What is wrong, in a few sentences: who is to blame, and the mistakes that it may be."""
    if diagnosis.divergence is not None and diagnosis.divergence.place.operation:
        yield f"To blame: {diagnosis.divergence.place.operation}."
    for name in diagnosis.names:
        for title, mend in zip(name.titles, name.mend, strict=True):
            yield f"{title}. To mend: {mend}"


def _smallest(smallest: SmallestCase, console: Console) -> None:
    _heading(console, f"The smallest case that fails: {smallest.about}")
    line(console, f"  as a test in {smallest.language} ({smallest.file_name}):")
    for code in smallest.source.splitlines():
        line(console, f"    {code}".rstrip(), style="dim")


def _heading(console: Console, words: str) -> None:
    console.print()
    line(console, words, style="bold")


def _wrapped(console: Console, words: str) -> None:
    if console.is_terminal:
        console.print(Padding(Text(words), (0, 0, 0, 2)))
    else:
        line(console, f"  {words}")
