"""The report as a person reads it in a terminal."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from conformance.anatomy.judged_program import JudgedProgram, stage_after
from conformance.anatomy.levels import next_methods
from conformance.asking.case_result import Result
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import CaseReport, Difference, Report
from conformance.judging.standing import Standing
from golden.budgets import WARNING
from ports_adapter.quoting import titled
from reference.profiles import MICROGPT

SLUGS_SHOWN = 6
PROTOCOL = "ports_adapter/PROTOCOL.md"
STYLES = {Outcome.PASS: "green", Outcome.NOT_OFFERED: "dim"}
FAILURE_STYLE = "red"


def show(report: Report, console: Console) -> None:
    """Print levels, the first divergence, the other failures, and the verdict."""
    console.print(heading(report), soft_wrap=True)
    for row in level_rows(report):
        console.print(row, soft_wrap=True)
    failures = [case for case in report.cases if case.fails and case.outcome.is_failure]
    if failures:
        _first(failures[0], console)
        _others(failures, console)
    if report.layout:
        _layout(report.layout, console)
    console.print()
    for words in _of_the_baseline(report):
        line(console, words, style="red")
    for words in (*_excused(report), *_left_out(report), *_near_the_limit(report)):
        line(console, words)
    if report.exit_code is ExitCode.PASS:
        line(console, f"Grade: {report.grade}.")
    style = "bold green" if report.exit_code is ExitCode.PASS else "bold red"
    line(console, f"{report.verdict}. Seed {report.seed}.", style=style)
    for words in next_steps(report):
        line(console, words)


def heading(report: Report) -> Text:
    """Who was asked, and about which program."""
    port = report.port
    words = f"{titled(port.name)} ({port.language}, {port.precision}){of_profile(report)}"
    return Text(words, style="bold")


def of_profile(report: Report) -> str:
    """The program that a run is about, where it is not the published final one."""
    settings = f" with {', '.join(report.settings)}" if report.settings else ""
    named = report.profile != MICROGPT.name or settings
    return f", profile {report.profile}{settings}" if named else ""


def _layout(toml: str, console: Console) -> None:
    console.print()
    line(console, "The weights are arranged otherwise than port.toml says; with this it is right:")
    for words in toml.splitlines():
        line(console, f"  {words}".rstrip())


def _of_the_baseline(report: Report) -> Iterator[str]:
    """Entries of the baseline that do not hold, and what to do about them."""
    stale = [case.slug for case in report.cases if case.standing is Standing.STALE]
    unmatched = report.baseline.unmatched if report.baseline else []
    if stale:
        yield f"Passing, while the baseline has them failing: {_listed(stale)}."
    for words in unmatched:
        yield f"In the baseline, and no case: {words}."
    if stale or unmatched:
        yield "  --update-baseline removes these entries and keeps the comments."


def _excused(report: Report) -> Iterator[str]:
    """Failures that do not fail the run, a line for each way in which they do not."""
    words = {
        Standing.KNOWN: "Known failures",
        Standing.WONTFIX: "Will not be mended",
        Standing.FLAKY: "Flaky, and failing this time",
        Standing.ANNOUNCED: f"New cases, which count from edition {report.edition + 1}, and fail",
    }
    for standing, title in words.items():
        of_it = [c for c in report.cases if c.standing is standing and c.outcome.is_failure]
        if of_it:
            yield f"{title}: {_listed([case.slug for case in of_it])}."


def _listed(slugs: list[str]) -> str:
    more = f" and {len(slugs) - SLUGS_SHOWN} more" if len(slugs) > SLUGS_SHOWN else ""
    return f"{', '.join(slugs[:SLUGS_SHOWN])}{more}"


def _left_out(report: Report) -> Iterator[str]:
    """What was not judged, because the port does not offer it."""
    levels = [level.level for level in report.levels if level.outcome is Outcome.NOT_OFFERED]
    if levels:
        yield f"Not offered, so not judged: {', '.join(levels)}."
    elsewhere = Counter(
        case.detail.removeprefix("the port does not offer ")
        for case in report.cases
        if case.outcome is Outcome.NOT_OFFERED and case.level not in levels
    )
    for what, cases in elsewhere.items():
        yield f"Not offered, so not judged: {what} ({_counted(cases).strip()})."


def next_steps(report: Report) -> Iterator[str]:
    """What the author of a passing port that is not complete writes next."""
    offered = report.port.methods
    if report.exit_code is not ExitCode.PASS or not offered:
        return
    judged_program = JudgedProgram.of(report.profile)
    due = next_methods(offered, [level.level for level in report.levels], judged_program.methods)
    for level, name in due[:1]:
        instead = f" (or {due[1][1]}, without a scalar autograd)" if due[1:] else ""
        yield f"Next: {name}, of the level {level}{instead}: see {PROTOCOL}."
    following = stage_after(report.profile)
    if not due and following is not None:
        command = f"make conform PORT={report.port.label} PROFILE={following.name}"
        yield f"Next: {following.name}, {following.about}: {command}"


def _near_the_limit(report: Report) -> Iterator[str]:
    """What passed with an error larger than any honest implementation's was measured to be."""
    for level in report.levels:
        if level.outcome is Outcome.PASS and float(level.worst) > WARNING:
            error = f"{budgets(float(level.worst))} at {level.worst_at}"
            yield f"Warning: {level.level} passes, but less clearly than honest ports do: {error}."


def level_rows(report: Report) -> Iterator[Text]:
    """The table of levels, a line each: columns line up, and no line is ever folded."""
    heading = f"{'level':11}{'verdict':20}{'cases':>8}  worst error"
    yield Text(heading, style="dim")
    for level in report.levels:
        asked = f"{level.passed}/{level.asked}" if level.asked else f"0/{level.cases}"
        style = STYLES.get(level.outcome, FAILURE_STYLE)
        line = Text.assemble(f"{level.level:11}", (f"{level.outcome:20}", style), f"{asked:>8}")
        if level.worst_at:
            line.append(f"  {budgets(float(level.worst))} at {level.worst_at}")
        yield line


def _first(case: CaseReport, console: Console) -> None:
    mismatch = case.outcome is Outcome.MISMATCH and case.differences
    title = "First divergence" if mismatch else "First failure"
    console.print()
    line(console, f"{title}: {case.slug} ({case.outcome})", style="bold red")
    for words, style in failure_lines(case):
        line(console, f"  {words}", style)


def failure_lines(case: CaseReport) -> Iterator[tuple[str, str]]:
    """What is to be said of a failed case, line by line, each with its style."""
    if case.standing is Standing.DIFFERENT:
        yield f"otherwise than the baseline has it: {case.reason}", ""
    yield f"a right port {case.about}", ""
    if case.differences:
        for words in _difference(case.differences[0]):
            yield words, ""
        rest = [difference.part for difference in case.differences[1:]]
        if rest:
            shown = ", ".join(rest[:6]) + (", …" if len(rest) > 6 else "")
            yield f"also wrong, and computed after it: {shown}", "dim"
    else:
        yield case.detail, ""
    if case.log:
        yield "the end of the port's log (standard error):", ""
        for words in case.log:
            yield f"| {words}", "dim"
    yield f"again: {case.rerun}", ""


def _difference(difference: Difference) -> Iterator[str]:
    yield f"at {difference.pointer}"
    yield f"  expected {difference.expected}"
    yield f"  got      {difference.got}"
    ratio = float(difference.budgets)
    if math.isfinite(ratio):
        yield f"  off by {budgets(ratio)}"
    if difference.values > 1:
        count = f"the worst of {difference.wrong} wrong values (of {difference.values})"
        yield f"  {count}; the first is at {difference.first}"


def _others(failures: list[CaseReport], console: Console) -> None:
    """The failures after the first, a line a level; what may come from an earlier one says so."""
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
                why += f"; here first at {first.differences[0].pointer} of {first.slug}"
        elif level == failures[0].level:
            why = ", ".join(case.slug.partition("/")[2] for case in cases[:SLUGS_SHOWN])
            why += ", …" if len(cases) > SLUGS_SHOWN else ""
        else:
            why = f"{first.slug} ({first.outcome}): {first.detail}"
        line(console, f"  {level:11}{_counted(len(cases)):>9}  {why}")
    for reason, cases_left in not_run.items():
        line(console, f"  {'not run':11}{_counted(cases_left):>9}  {reason}")
    console.print("  (--json writes all of them)", style="dim", markup=False)


def _counted(cases: int) -> str:
    return "1 case " if cases == 1 else f"{cases} cases"


def line(console: Console, text: str, style: str = "") -> None:
    """A line as it stands: what a port printed is no markup, and is not coloured by guess."""
    console.print(Text(text, style=style), soft_wrap=True)


def budgets(ratio: float) -> str:
    """A ratio in words: `0.3 of budget`, `4.1e+06 of budget`."""
    if not math.isfinite(ratio):
        return "beyond measure"
    # Three digits just above 1, so that a failure never reads as 1.
    return f"{ratio:.3g} of budget" if 1 < ratio < 10 else f"{ratio:.2g} of budget"


@contextmanager
def progress(total: int, console: Console) -> Iterator[Callable[[Result], None]]:
    """A bar that a run's results move, on a terminal; nothing elsewhere."""
    if not console.is_terminal:
        yield lambda _result: None
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda result: bar.update(task, advance=1, description=result.case.slug)
