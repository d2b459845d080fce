"""One run from end to end: find the port, build it, ask it the cases, and report."""

import platform
import secrets
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import NamedTuple

from conformance.asking.case_result import Finished, Result
from conformance.asking.engine import Engine
from conformance.asking.journal import Journal
from conformance.asking.layout_search import recognized_layout
from conformance.asking.run_report import Asked, case_report, make_report, port_report
from conformance.baseline.run_baseline import Rules, rules_for
from conformance.cases.by_level.handshake import shutdown_case
from conformance.cases.case import Case
from conformance.cases.request import Request, Unusable
from conformance.cases.selection import selection
from conformance.judging.outcome import ExitCode
from conformance.judging.report import SUITE_VERSION, PartReport, Report
from conformance.reports.destinations import TO_THE_TERMINAL, Outputs, write_run
from conformance.reports.terminal.live_view import case_progress
from conformance.reports.terminal.safe_console import screen
from ports_adapter.building import build
from ports_adapter.client import Source
from ports_adapter.failures import NotStarted
from ports_adapter.layout import Layout
from ports_adapter.manifest import Port, why_not_started
from ports_adapter.transcript.events import Header
from ports_adapter.transcript.recorder import Recorder
from reference.profiles import MICROGPT

from .preparation import fallback_profile, requested_port, usable, warn

Watch = Callable[[Result], None]
"""Takes results as they come."""


def run_port(request: Request, outputs: Outputs = TO_THE_TERMINAL) -> ExitCode:
    """Run the cases, and print or write the report.

    Raises:
        Unusable: the port, its baseline, the selection, names.txt, the golden trace, or the file
            of a report or journal cannot be used.
    """
    with usable():
        port = requested_port(request)
        if port.kind == "program":
            from .plain_program import run_program
            from .traced_program import run_traced_program

            run = run_traced_program if port.program.trace else run_program
            return run(port, request, outputs)
        report = judge_port(port, request)
    write_run(report, outputs)
    return report.exit_code


def judge(request: Request) -> Report:
    """Find the port, build it, ask it the cases, and report.

    Raises:
        Unusable: as for `run_port`.
    """
    with usable():
        return judge_port(requested_port(request), request)


class _Run(NamedTuple):
    """A run that has begun."""

    port: Port
    request: Request
    seed: int
    rules: Rules
    journal: Journal | None
    watch: Watch


def judge_port(port: Port, request: Request, watch: Watch = lambda _result: None) -> Report:
    """Build a port, ask it the requested cases, and report.

    Args:
        port: the port.
        request: which cases, and what they are judged by.
        watch: takes each result as it comes, with its question and answer.

    Raises:
        BadBaseline: its baseline cannot be used.
        NotBuilt: its build command failed.
        NotStarted: its run command cannot be executed.
        UnreadableGolden: the golden trace is missing or damaged.
        Unusable: no case matches, names.txt is not there, or the transcript or the journal
            cannot be written.
    """
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    selection(request, seed, port.precision)  # refuses wrong options before a long build
    rules = rules_for(port, request)
    build(port)
    with ExitStack() as stack:
        journal = None
        if request.journal is not None:
            journal = stack.enter_context(Journal(request.journal, port, request, seed))
            seed = journal.head.seed
            request = replace(request, profile=journal.head.profile)
        run = _Run(port, request, seed, rules, journal, watch)
        report = _asked(run)
        other = None if request.profile else fallback_profile(report.port.profiles)
        if other is not None:
            request = replace(request, profile=other)
            if journal is not None:
                journal.turn_to(other)
            report = _asked(run._replace(request=request, rules=rules_for(port, request)))
    return rules.rewritten(report, warn) if request.baseline.update else report


def _asked(run: _Run) -> Report:
    port, request, journal = run.port, run.request, run.journal
    if reason := why_not_started(port):
        raise NotStarted(f"the run command cannot be started: {reason}")
    whole = selection(request, run.seed, port.precision)
    selected = request.shard.part(whole) if request.shard else whole
    asked = Asked(
        port,
        run.seed,
        request.judged_program.name,
        request.settings,
        run.rules.edition,
        run.rules.report,
        _part(request, whole),
    )
    done = journal.done if journal else {}
    rest = [case for case in selected if case.slug not in done]
    finished, layout = _ask_rest(run, rest, asked)
    ended = done | {r.case.slug: case_report(r, asked) for r in finished.results}
    introduced = journal.port if journal else None
    if introduced is None or finished.offer is not None:
        introduced = port_report(port, finished.offer)
    return make_report(
        asked,
        introduced,
        [run.rules.judged(ended[case.slug]) for case in selected if case.slug in ended],
        layout,
        was_interrupted=finished.was_interrupted,
    )


def _ask_rest(run: _Run, cases: Sequence[Case], asked: Asked) -> tuple[Finished, Layout | None]:
    """Ask the cases that the journal does not hold; write transcript and journal."""
    if not cases:
        return Finished((), None, was_interrupted=False), None
    journal, request = run.journal, run.request

    def watch(result: Result) -> None:
        if journal is not None:
            journal.keep(case_report(result, asked))
            if result.exchange is not None:
                journal.introduce(port_report(run.port, result.exchange.offer))
        run.watch(result)

    recorder = _recorder(run) if request.transcript else None
    with ExitStack() as stack:
        if recorder is not None:
            stack.enter_context(recorder)
        finished = ask(run.port, cases, recorder or Source(), watch)
        layout = recognized_layout(run.port, finished)
        if recorder is not None and not finished.was_interrupted:
            recorder.finish(layout.rules if layout else ())
    if recorder is not None and recorder.failure is not None:
        warn(f"the transcript {request.transcript} is cut off: {recorder.failure.strerror}")
    return finished, layout


def _part(request: Request, whole: Sequence[Case]) -> PartReport | None:
    if request.shard is None:
        return None
    slugs = [case.slug for case in whole]
    return PartReport(request.shard.index, request.shard.of, slugs)


def _recorder(run: _Run) -> Recorder:
    port, request = run.port, run.request
    header = Header(
        suite_version=SUITE_VERSION,
        label=port.label,
        name=port.name,
        language=port.language,
        precision=port.precision,
        kind=port.kind,
        layout=tuple(port.layout.rules),
        seed=run.seed,
        patterns=tuple(request.patterns),
        names=request.names,
        long=request.long,
        profile=request.profile or MICROGPT.name,
        settings=tuple(request.settings),
        variant=port.variant,
        baseline=run.rules.recorded,
        shard=str(request.shard or ""),
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    )
    assert request.transcript is not None
    try:
        return Recorder(request.transcript, header)
    except OSError as error:
        message = f"the transcript cannot be written to {request.transcript}: {error.strerror}"
        raise Unusable(message, ExitCode.USAGE) from None


def ask(
    port: Port, selected: Sequence[Case], source: Source, watch: Watch = lambda _result: None
) -> Finished:
    """Ask a port, or a recording of it, the selected cases, and show progress."""
    goodbye = shutdown_case().slug
    cases = [case for case in selected if case.slug != goodbye]
    with case_progress(len(selected), screen(stderr=True)) as on_result:

        def take(result: Result) -> None:
            watch(result)
            on_result(result)

        engine = Engine(port, take, source=source)
        return engine.run(cases, shut_down=len(cases) < len(selected))
