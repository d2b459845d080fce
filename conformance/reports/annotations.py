"""Annotations: workflow commands on standard output that GitHub shows beside the code.

Their escapes: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Iterator

from ports_adapter.quoting import printable

from .failure_location import Place, Places
from .summary import Ending, RunSummary

MOST = 10
"""How many annotations GitHub shows for one step."""


def annotated(summary: RunSummary) -> list[str]:
    """An annotation for each failure, the first one first; the last counts those left out."""
    found = list(_found(summary))
    if len(found) <= MOST:
        return found
    places = Places(summary)
    left_out = f"and {len(found) - MOST + 1} more; the report has them all"
    return [*found[: MOST - 1], error(summary.verdict, left_out, places.manifest)]


def error(title: str, message: str, place: Place | None) -> str:
    """A workflow command, always on one line."""
    where = {"file": place.in_repository, "line": str(place.line)} if place else {}
    properties = where | {"title": printable(title, 200)}
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::error {listed}::{_data(message)}"


def _found(summary: RunSummary) -> Iterator[str]:
    places = Places(summary)
    for ending in summary.failures:
        title = f"{ending.slug} ({ending.outcome})"
        yield error(title, "\n".join(_said(ending)), places.of_case(ending))
    for entry in summary.unmatched:
        place = places.of_unmatched(entry)
        said = f"{printable(entry, 200)} matches no case"
        yield error("a baseline entry without a case", said, place)
    if not summary.passed and not summary.failures and not summary.unmatched:
        yield error(summary.title, printable(summary.verdict, 400), places.manifest)


def _said(ending: Ending) -> Iterator[str]:
    if ending.reason:
        yield f"{ending.standing}: {printable(ending.reason, 400)}"
    if first := ending.difference:
        yield f"at {printable(first.pointer, 200)}"
        yield f"expected {printable(first.expected, 200)}, got {printable(first.got, 200)}"
    elif ending.detail:
        yield printable(ending.detail, 400)
    for line in ending.log[-3:]:
        yield printable(line, 200)
    if ending.tainted_by:
        yield f"may come from {printable(ending.tainted_by, 200)}"
    if ending.rerun:
        yield f"run it again: {printable(ending.rerun, 400)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
