"""The diagnosis as a person reads it in a terminal: short, and the most useful first."""

import textwrap
from collections.abc import Iterator

from rich.console import Console

from conformance.explanation.diagnosis import Diagnosis, FirstDivergence, NamedMistake, SmallestCase
from conformance.judging.outcome import ExitCode
from conformance.judging.report import excused

from .run_text import budgets, heading, level_table, show_verdict
from .safe_console import put

SYMPTOMS_SHOWN = 6
CASES_SHOWN = 5


def show(diagnosis: Diagnosis, known: int, console: Console) -> None:
    """Print a diagnosis; `known` is how many mistakes were compared with it."""
    report = diagnosis.report
    put(console, heading(report), "bold")
    console.print(level_table(report))
    if diagnosis.divergence is not None:
        _divergence(diagnosis.divergence, console)
        _names(diagnosis, known, console)
    for smallest in diagnosis.smallest:
        _smallest(smallest, console)
    console.print()
    show_verdict(report, console)
    if diagnosis.divergence is None and report.exit_code is ExitCode.PASS:
        put(console, "Nothing to explain: every case that counts passed.")
    if left_out := len(excused(report)):
        put(console, f"Left out: {left_out} that the baseline excuses; see --no-baseline.")
    if rerun := next((case.rerun for case in report.cases if case.fails), ""):
        put(console, f"Run the first case again:\n  {rerun}")
    if diagnosis.transcript:
        put(console, f"The transcript is in {diagnosis.transcript}.")


def _divergence(first: FirstDivergence, console: Console) -> None:
    place = first.place
    put(console, f"\nFirst divergence: {first.case}", "bold")
    if place.pointer:
        put(console, place.words, first=f"  {place.pointer}: ")
        error = float(first.budgets)
        put(console, first.expected, first="  expected ")
        put(console, first.got, first="  got      ")
        if error != float("inf"):
            put(console, budgets(error), first="  off by   ")
    else:
        put(console, first.got, first="  ")
    if place.operation:
        put(console, f"To blame: {place.operation}.", first="  ")
    for sentence in first.evidence:
        put(console, sentence, first="  ")
    if first.sound:
        put(console, f"Right, given right inputs: {', '.join(first.sound)}.", first="  ")
    if first.tainted:
        shown = ", ".join(first.tainted[:CASES_SHOWN])
        more = len(first.tainted) - CASES_SHOWN
        ending = f" and {more} more." if more > 0 else "."
        put(console, f"May come from it: {shown}{ending}", first="  ")


def _names(diagnosis: Diagnosis, known: int, console: Console) -> None:
    names = diagnosis.names
    if not names:
        put(console, f"\nNone of the {known} known mistakes gives these numbers", "bold")
        for sentence in diagnosis.symptoms[:SYMPTOMS_SHOWN]:
            put(console, sentence, first="  ")
        return
    for part, alike in diagnosis.names_by_part.items():
        title = "This is a known mistake"
        if len(alike) > 1:
            title = f"One of {len(alike)} known mistakes that cannot be told apart here"
        put(console, f"\n{part.capitalize()}: {title.lower()}" if part else f"\n{title}", "bold")
        for name in alike:
            for words in _name(name):
                put(console, words, first="  ")
    for part in diagnosis.unnamed:
        words = f"\n{part.capitalize()}: none of the {known} known mistakes gives its numbers"
        put(console, words, "bold")


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
    """What is wrong, in a few sentences: the operation to blame, and the mistakes it may be."""
    if diagnosis.divergence is not None and diagnosis.divergence.place.operation:
        yield f"To blame: {diagnosis.divergence.place.operation}."
    for name in diagnosis.names:
        for title, mend in zip(name.titles, name.mend, strict=True):
            yield f"{title}. To mend: {mend}"


def _smallest(smallest: SmallestCase, console: Console) -> None:
    put(console, f"\nThe smallest case that fails: {smallest.about}", "bold")
    put(console, f"as a test in {smallest.language} ({smallest.file_name}):", first="  ")
    put(console, textwrap.indent(smallest.source, "    ").rstrip(), "dim")
