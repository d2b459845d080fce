"""The verdict on a run: exit code, verdict line, grade, and the outcome of each level."""

from collections import Counter
from collections.abc import Sequence

from conformance.anatomy.levels import Level, upstream

from .outcome import ExitCode, Outcome
from .report import BaselineReport, CaseReport, LevelReport, PartReport
from .standing import Standing

GRADE_ULPS = 16
"""A float64 port whose numbers are all this near gets a grade in units in the last place."""


def exit_code_of(
    cases: Sequence[CaseReport],
    *,
    was_interrupted: bool = False,
    baseline: BaselineReport | None = None,
    part: PartReport | None = None,
) -> ExitCode:
    """The exit code of a run; it is 0 only if a case beyond the protocol passed.

    A part of a split run may be without such a case. The merged report decides then.
    """
    if was_interrupted:
        return ExitCode.INTERRUPTED
    if any(case.outcome is Outcome.SUITE_FAULT for case in cases):
        return ExitCode.SUITE_FAULT
    if any(case.fails for case in cases) or (baseline and baseline.unmatched):
        return ExitCode.FAIL
    verified = [c for c in cases if c.outcome is Outcome.PASS and c.level != Level.PROTOCOL]
    return ExitCode.PASS if verified or (part and cases) else ExitCode.NOTHING_VERIFIED


def verdict_of(
    cases: Sequence[CaseReport],
    exit_code: ExitCode,
    baseline: BaselineReport | None = None,
    part: PartReport | None = None,
    answers: str = "",
) -> str:
    """The verdict in one line, which says so if it rests on a file of answers."""
    counts = ", ".join(_counts(cases, baseline))
    if part is not None:
        counts += f"; part {part.index} of {part.of}"
    if exit_code is ExitCode.NOTHING_VERIFIED:
        counts += ", none of them beyond the protocol"
    if answers:
        counts += "; judged from a file of answers"
    return f"{exit_code.word}: {counts}"


_COUNTED = {
    Standing.KNOWN: "known failure",
    Standing.WONTFIX: "that will not be mended",
    Standing.FLAKY: "flaky",
    Standing.ANNOUNCED: "new and failing",
    Standing.DIFFERENT: "failing differently from the baseline",
    Standing.STALE: "passing against the baseline",
}


def _counts(cases: Sequence[CaseReport], baseline: BaselineReport | None) -> list[str]:
    asked = [case for case in cases if case.outcome is not Outcome.NOT_OFFERED]
    passed = sum(case.outcome is Outcome.PASS for case in asked)
    counts = [f"{passed} of {len(asked)} cases passed"]
    standings = Counter(c.standing for c in cases if c.outcome.is_failure or c.fails)
    for standing, words in _COUNTED.items():
        if number := standings[standing]:
            plural = "s" if standing is Standing.KNOWN and number > 1 else ""
            counts.append(f"{number} {words}{plural}")
    if baseline is not None and baseline.unmatched:
        counts.append(f"{len(baseline.unmatched)} in the baseline without a case")
    if left_out := len(cases) - len(asked):
        counts.append(f"{left_out} not offered")
    return counts


def grade_of(cases: Sequence[CaseReport], precision: str) -> str:
    """The grade: bit-identical, within some units in the last place, or just the precision."""
    if failed := sum(case.outcome.is_failure for case in cases):
        return f"none: {failed} case{'s fail' if failed > 1 else ' fails'}"
    values = sum(case.values for case in cases)
    identical = sum(case.identical for case in cases)
    if not values:
        return "none: no numbers were compared"
    if identical == values:
        return f"bit-identical in all {values} numbers"
    share = f"{int(1000 * identical / values) / 10:.1f} % of {values} numbers bit-identical"
    apart = max(float(case.ulps) for case in cases)
    if precision == "float64" and apart <= GRADE_ULPS:
        return f"within {apart:.0f} ulp; {share}"
    return f"{precision}; {share}"


def tainting_cases(cases: Sequence[CaseReport]) -> dict[str, str]:
    """The failed cases that an earlier failure may have caused, with the slug of that failure.

    It is the first failure in a level that the case's level builds on.
    """
    first: dict[Level, str] = {}
    tainted = {}
    for case in cases:
        if not case.outcome.is_failure or case.outcome is Outcome.NOT_RUN:
            continue
        above = upstream(case.level)
        source = next((slug for level, slug in first.items() if level in above), None)
        if source is not None:
            tainted[case.slug] = source
        first.setdefault(case.level, case.slug)
    return tainted


def level_of(level: Level, cases: Sequence[CaseReport]) -> LevelReport:
    """The report on a level, from all cases of a run."""
    of_level = [case for case in cases if case.level is level]
    asked = [case for case in of_level if case.outcome is not Outcome.NOT_OFFERED]
    failed = [case for case in asked if case.outcome.is_failure]
    # A failure says more than a case that was not run.
    failed.sort(key=lambda case: case.outcome is Outcome.NOT_RUN)
    passed = len(asked) - len(failed)
    outcome = failed[0].outcome if failed else Outcome.PASS if asked else Outcome.NOT_OFFERED
    worst = max(of_level, key=lambda case: float(case.worst))
    place = f"{worst.slug}#{worst.worst_at}" if worst.worst_at else ""
    return LevelReport(level, outcome, passed, len(asked), len(of_level), worst.worst, place)
