"""The report of a run as a person reads it in a terminal."""

import math
import textwrap
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.anatomy.judged_program import JudgedProgram, stage_after
from conformance.anatomy.levels import next_methods
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import CaseReport, Difference, Report, TraceReport
from conformance.judging.standing import Standing
from golden.budgets import WARNING
from ports_adapter.quoting import titled
from reference.profiles import MICROGPT

from .safe_console import columns, put

SLUGS_SHOWN = 6
LAYOUT = "The weights have another layout than port.toml declares; this one makes them right:"
PROTOCOL = "ports_adapter/PROTOCOL.md"
STYLES = {Outcome.PASS: "green", Outcome.NOT_OFFERED: "dim"}
FAILURE_STYLE = "red"


def show(report: Report, console: Console) -> None:
    """Print levels, the first divergence, the other failures, and the verdict."""
    put(console, heading(report), "bold")
    console.print(level_table(report))
    failures = [case for case in report.cases if case.fails and case.outcome.is_failure]
    if failures:
        _first(failures[0], console)
        _others(failures, console)
    if report.layout:
        put(console, f"\n{LAYOUT}\n{textwrap.indent(report.layout, '  ')}".rstrip())
    console.print()
    for words in _of_the_baseline(report):
        put(console, words, "red")
    for words in (*_excused(report), *_left_out(report), *_near_the_limit(report)):
        put(console, words)
    if report.exit_code is ExitCode.PASS:
        put(console, f"Grade: {report.grade}.")
    show_verdict(report, console)
    for words in next_steps(report):
        put(console, words)
    if report.trace is not None:
        _basis(report.trace, console)


def _basis(trace: TraceReport, console: Console) -> None:
    """What was recognized in a trace, and what it does not show."""
    for note in trace.notes:
        put(console, note)
    if trace.not_shown:
        first = trace.not_shown[0]
        others = ", ".join(each.part for each in trace.not_shown[1:])
        put(console, f"Worth adding next, for {first.unjudged}:\n  {first.line}")
        if others:
            put(console, f"Also not shown: {others}.")


def show_verdict(report: Report, console: Console) -> None:
    """Print the verdict, and the seed of a run that draws cases."""
    draws_cases = report.trace is None or report.trace.corpora
    seed = f" Seed {report.seed}." if draws_cases else ""
    put(console, f"{report.verdict}.{seed}", verdict_style(report.exit_code))


def verdict_style(exit_code: ExitCode) -> str:
    """The style of a verdict's line."""
    return "bold green" if exit_code is ExitCode.PASS else "bold red"


def heading(report: Report) -> str:
    """Which port was asked, and about which program."""
    port = report.port
    return f"{titled(port.name)} ({port.language}, {port.precision}){of_profile(report)}"


def of_profile(report: Report) -> str:
    """The program that a run is about, where it is not the published final one."""
    settings = f" with {', '.join(report.settings)}" if report.settings else ""
    named = report.profile != MICROGPT.name or settings
    return f", profile {report.profile}{settings}" if named else ""


def _of_the_baseline(report: Report) -> Iterator[str]:
    """Baseline entries that are wrong, and what to do about them."""
    stale = [case.slug for case in report.cases if case.standing is Standing.STALE]
    unmatched = report.baseline.unmatched if report.baseline else []
    if stale:
        yield f"Pass, but the baseline expects them to fail: {_listed(stale)}."
    for words in unmatched:
        yield f"A baseline entry that matches no case: {words}."
    if stale or unmatched:
        yield "--update-baseline removes these entries and keeps the comments."


def _excused(report: Report) -> Iterator[str]:
    """Failures that do not fail the run, a line for each reason."""
    words = {
        Standing.KNOWN: "Known failures",
        Standing.WONTFIX: "Will not be mended",
        Standing.FLAKY: "Flaky, and failed this time",
        Standing.ANNOUNCED: f"New cases that fail, and count from edition {report.edition + 1}",
    }
    for standing, title in words.items():
        of_it = [c for c in report.cases if c.standing is standing and c.outcome.is_failure]
        if of_it:
            yield f"{title}: {_listed([case.slug for case in of_it])}."


def _listed(slugs: list[str]) -> str:
    more = f" and {len(slugs) - SLUGS_SHOWN} more" if len(slugs) > SLUGS_SHOWN else ""
    return f"{', '.join(slugs[:SLUGS_SHOWN])}{more}"


def _left_out(report: Report) -> Iterator[str]:
    """What was not judged, because the port does not offer it: levels, then parts of others."""
    levels = [level.level for level in report.levels if level.outcome is Outcome.NOT_OFFERED]
    elsewhere = Counter(
        case.detail.removeprefix("the port does not offer ")
        for case in report.cases
        if case.outcome is Outcome.NOT_OFFERED and case.level not in levels
    )
    parts = [f"{what} ({_counted(cases).strip()})" for what, cases in elsewhere.items()]
    if left_out := [*levels, *parts]:
        yield f"Not offered, so not judged: {', '.join(left_out)}."


def next_steps(report: Report) -> Iterator[str]:
    """What a verdict rests on, and what to write next in a port that passes and is not complete."""
    if report.answers:
        yield (
            f"The file {report.answers} shows neither that a port computed these answers nor how "
            "the port exits."
        )
    offered = report.port.methods
    if report.exit_code is not ExitCode.PASS or not offered:
        return
    judged_program = JudgedProgram.of(report.profile)
    due = next_methods(offered, [level.level for level in report.levels], judged_program.methods)
    for level, name in due[:1]:
        instead = f" (or {due[1][1]}, without a scalar autograd)" if due[1:] else ""
        yield f"Next: {name}, of the level {level}{instead}: see {PROTOCOL}."
    following = stage_after(report.profile)
    if not due and following is not None and not report.answers:
        command = f"make conform PORT={report.port.label} PROFILE={following.name}"
        yield f"Next: {following.name}, {following.about}:\n  {command}"


def _near_the_limit(report: Report) -> Iterator[str]:
    """Levels that passed with a larger error than any honest program was seen to make."""
    for level in report.levels:
        if level.outcome is Outcome.PASS and float(level.worst) > WARNING:
            error = f"{budgets(float(level.worst))} at {level.worst_at}"
            yield f"Warning: {level.level} passes, but with more error than honest ports: {error}."


def level_table(report: Report) -> Table:
    """A row for each level: how it ended, and which case has its largest error."""
    table = columns("level", "verdict", ">cases", "worst error")
    for level in report.levels:
        asked = f"{level.passed}/{level.asked}" if level.asked else f"0/{level.cases}"
        case = level.worst_at.partition("#")[0]
        worst = f"{budgets(float(level.worst))} in {case}" if case else ""
        style = STYLES.get(level.outcome, FAILURE_STYLE)
        table.add_row(level.level, Text(level.outcome, style), asked, worst)
    return table


def _first(case: CaseReport, console: Console) -> None:
    mismatch = case.outcome is Outcome.MISMATCH and case.differences
    title = "First divergence" if mismatch else "First failure"
    put(console, f"\n{title}: {case.slug} ({case.outcome})", "bold red")
    for label, words, style in failure_lines(case):
        put(console, words, style, first=f"  {label}")


def failure_lines(case: CaseReport) -> Iterator[tuple[str, str, str]]:
    """How a case failed, line by line: a label, which may be empty, the words, and their style."""
    if case.standing is Standing.DIFFERENT:
        yield "", f"fails in another way than the baseline says: {case.reason}", ""
    yield "", f"a right port {case.about}", ""
    if case.differences:
        yield from _difference(case.differences[0])
        rest = [difference.part for difference in case.differences[1:]]
        if rest:
            shown = ", ".join(rest[:6]) + (", …" if len(rest) > 6 else "")
            yield "", f"also wrong, and computed later: {shown}", "dim"
    else:
        yield "", case.detail, ""
    if case.log:
        yield "", "the end of the port's log (standard error):", ""
        for words in case.log:
            yield "", f"  | {words}", "dim"
    yield "", f"run it again:\n  {case.rerun}", ""


def _difference(difference: Difference) -> Iterator[tuple[str, str, str]]:
    yield "at ", difference.pointer, ""
    yield "  expected ", difference.expected, ""
    yield "  got      ", difference.got, ""
    ratio = float(difference.budgets)
    if math.isfinite(ratio):
        yield "  off by   ", budgets(ratio), ""
    if difference.values > 1:
        count = f"the worst of {difference.wrong} wrong values (of {difference.values})"
        yield "  ", f"{count}; the first is at {difference.first}", ""


def _others(failures: list[CaseReport], console: Console) -> None:
    """The failures after the first, level by level; those that it may have caused say so."""
    if len(failures) == 1:
        return
    console.print("\nOther failures:")
    by_level: dict[str, list[CaseReport]] = {}
    not_run: Counter[str] = Counter()
    for case in failures[1:]:
        if case.outcome is Outcome.NOT_RUN:
            not_run[case.detail] += 1
        else:
            by_level.setdefault(case.level, []).append(case)
    for level, cases in by_level.items():
        first = cases[0]
        if first.tainted_by:
            why = f"may come from {first.tainted_by}"
            if first.differences:
                why += f"; first at {first.differences[0].pointer} of {first.slug}"
        elif level == failures[0].level:
            why = ", ".join(case.slug.partition("/")[2] for case in cases[:SLUGS_SHOWN])
            why += ", …" if len(cases) > SLUGS_SHOWN else ""
        else:
            why = f"{first.slug} ({first.outcome}): {first.detail}"
        put(console, why, first=f"  {level:11}{_counted(len(cases)):>9}  ")
    for reason, cases_left in not_run.items():
        put(console, reason, first=f"  {'not run':11}{_counted(cases_left):>9}  ")
    put(console, "(--json writes all of them)", "dim", first="  ")


def _counted(cases: int) -> str:
    return "1 case " if cases == 1 else f"{cases} cases"


def short_grade(grade: str) -> str:
    """A grade without its counts: `bit-identical`, `within 3 ulp`, `float64`."""
    return grade.partition(";")[0].partition(" in all")[0]


def budgets(ratio: float) -> str:
    """A ratio in words: `0.3 of budget`, `4.1e+06 of budget`."""
    if not math.isfinite(ratio):
        return "beyond measure"
    # Three digits just above 1, so that a failure never reads as 1.
    return f"{ratio:.3g} of budget" if 1 < ratio < 10 else f"{ratio:.2g} of budget"
