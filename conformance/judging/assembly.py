"""Assembles a run's report from its cases: verdict, grade, levels, first divergence."""

from collections.abc import Sequence

from msgspec import structs

from conformance.anatomy.levels import Level

from .outcome import ExitCode
from .report import CaseReport, Report
from .verdict import exit_code_of, grade_of, level_of, tainting_cases, verdict_of


def assembled(
    head: Report, cases: Sequence[CaseReport], *, was_interrupted: bool = False
) -> Report:
    """The report on these cases; `head` gives the fields that do not follow from them."""
    tainted = tainting_cases(cases)
    cases = [structs.replace(case, tainted_by=tainted.get(case.slug, "")) for case in cases]
    failures = [case for case in cases if case.fails] or [c for c in cases if c.outcome.is_failure]
    exit_code = exit_code_of(
        cases, was_interrupted=was_interrupted, baseline=head.baseline, part=head.part
    )
    passed = exit_code is ExitCode.PASS
    return structs.replace(
        head,
        exit_code=exit_code,
        verdict=verdict_of(cases, exit_code, head.baseline, head.part, head.answers),
        grade=grade_of(cases, head.port.precision) if passed else "none",
        first_divergence=failures[0].slug if failures else "",
        levels=[level_of(level, cases) for level in Level if any(c.level is level for c in cases)],
        cases=cases,
        seconds=sum(case.seconds for case in cases),
    )
