"""The badge, as an endpoint of shields.io: https://shields.io/badges/endpoint-badge."""

from collections.abc import Iterator

import msgspec

from conformance.judging.outcome import ExitCode

from .summary import RunSummary
from .terminal.run_text import short_grade

LABEL = "microgpt"

_ENDED: dict[ExitCode, tuple[str, str]] = {
    ExitCode.FAIL: ("fails", "red"),
    ExitCode.USAGE: ("not run", "lightgrey"),
    ExitCode.UNUSABLE_PORT: ("does not start", "red"),
    ExitCode.SUITE_FAULT: ("suite fault", "lightgrey"),
    ExitCode.NOTHING_VERIFIED: ("nothing verified", "lightgrey"),
    ExitCode.INTERRUPTED: ("interrupted", "lightgrey"),
}


def badge(summary: RunSummary) -> bytes:
    """The badge of a run: the cases that passed and their grade, or how the run ended."""
    if summary.passed:
        is_whole = not any(ending.is_excused for ending in summary.endings)
        message, color = ", ".join(_passed(summary)), "brightgreen" if is_whole else "yellowgreen"
    else:
        message, color = _ENDED[summary.exit_code]
    shown = {"schemaVersion": 1, "label": LABEL, "message": message, "color": color}
    return msgspec.json.encode(shown if summary.passed else shown | {"isError": True}) + b"\n"


def _passed(summary: RunSummary) -> Iterator[str]:
    passed = sum(group.passed for group in summary.groups)
    counts = f"{passed}/{sum(group.asked for group in summary.groups)}"
    excused = sum(ending.is_excused for ending in summary.endings)
    if excused:
        yield counts
        yield f"{excused} known"
    else:
        yield f"{counts} {short_grade(summary.grade)}"
    if part := summary.facts.get("part"):
        yield f"part {part}"
    if "answers" in summary.facts:
        yield "from a file"
