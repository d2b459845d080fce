"""One run from end to end: find the port, build it, ask it, report."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import NamedTuple

import msgspec

from conformance.asking.case_result import Finished, Result
from conformance.asking.engine import Engine
from conformance.asking.journal import Journal
from conformance.asking.layout_search import recognised_layout
from conformance.asking.run_report import Asked, case_report, make_report, port_report
from conformance.baseline import BadBaseline
from conformance.baseline.run_baseline import Rules, rules_for
from conformance.cases.by_level.handshake import shutdown_case
from conformance.cases.case import Case
from conformance.cases.request import Request, Unusable
from conformance.cases.selection import published_names, selection
from conformance.judging.outcome import ExitCode
from conformance.judging.report import SUITE_VERSION, PartReport, PortReport, Report
from conformance.reports.destinations import (
    TO_THE_TERMINAL,
    Forms,
    Outputs,
    write_report,
    write_run,
)
from conformance.reports.summary import program_summary
from conformance.reports.terminal.live_view import case_progress, program_progress
from conformance.reports.terminal.safe_console import put, screen
from golden.json_documents import encoded
from golden.store import UnreadableGolden
from ports_adapter.building import build
from ports_adapter.client import Source
from ports_adapter.containment.sandbox import NoSandbox, Sandbox, is_used
from ports_adapter.failures import BadManifest, NotBuilt, NotStarted
from ports_adapter.layout import Layout
from ports_adapter.manifest import Port, find_port, missing_tool
from ports_adapter.transcript.events import Header
from ports_adapter.transcript.recorder import Recorder
from reference.profiles import MICROGPT, PROFILES

Watch = Callable[[Result], None]
"""Takes results as they come."""


def ignore(_result: Result) -> None:
    """The watch that looks away."""


def run_port(request: Request, outputs: Outputs = TO_THE_TERMINAL) -> ExitCode:
    """Run the cases and print or write the report.

    Raises:
        Unusable: the port, its baseline, the selection, names.txt, the goldens or the place of
            a report or journal cannot be used.
    """
    with usable():
        port = the_port(request.port, request.sandbox)
    if port.kind == "program":
        return _run_program(port, request, outputs)
    report = judge(request)
    write_run(report, outputs)
    return report.exit_code


def _run_program(port: Port, request: Request, outputs: Outputs) -> ExitCode:
    """The same for a program that only prints, which is asked no cases."""
    from conformance.programs.judge_program import judge_program
    from conformance.reports.terminal.program_text import show as show_program

    options = {
        "--case": request.patterns,
        "--long": request.long,
        "--shard": request.shard,
        "--resume": request.journal,
        "--baseline": request.baseline.path or request.baseline.update,
        "--transcript": request.transcript,
    }
    if given := [option for option, value in options.items() if value]:
        raise Unusable(
            f'{port.label} is a program that is run as it is (kind = "program"): it is asked no '
            f"cases, so there is no {' and no '.join(given)}",
            ExitCode.USAGE,
        )
    if outputs.html is not None:
        warn(f"a program that is run as it is has no page: {outputs.html} is not written")
    names = published_names() if request.names else None
    with usable(), program_progress(screen(stderr=True)) as watcher:
        report = judge_program(port, watcher, names)
    content = encoded(report)
    write_report(
        Forms(program_summary(report), content, lambda console: show_program(report, console)),
        outputs,
    )
    return report.exit_code


def judge(request: Request) -> Report:
    """Find the port, build it, ask it, and report; prints progress alone.

    Raises:
        Unusable: as for `run_port`.
    """
    with usable():
        return judge_port(the_port(request.port, request.sandbox), request)


def the_port(name_or_folder: str, sandbox: Sandbox) -> Port:
    """The port that was asked for, to be run with a sandbox as the user chose.

    Raises:
        BadManifest: there is no such port, or its manifest cannot be used.
        Unusable: there has to be a sandbox, and cannot be.
    """
    try:
        is_used(sandbox)
    except NoSandbox as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    return msgspec.structs.replace(find_port(name_or_folder), sandbox=sandbox)


@contextmanager
def usable() -> Iterator[None]:
    """Turns what keeps a port from being run into `Unusable`."""
    try:
        yield
    except (BadManifest, BadBaseline) as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    except (NotBuilt, NotStarted) as error:
        raise Unusable(str(error), ExitCode.UNUSABLE_PORT) from None
    except UnreadableGolden as error:
        raise Unusable(str(error), ExitCode.SUITE_FAULT) from None


class _Run(NamedTuple):
    """A run that is being made."""

    port: Port
    request: Request
    seed: int
    rules: Rules
    journal: Journal | None
    watch: Watch


def judge_port(port: Port, request: Request, watch: Watch = ignore) -> Report:
    """Build a port, ask it what was requested, and report.

    Args:
        port: which port.
        request: what to ask.
        watch: takes each result as it comes, with all that was asked and answered.

    Raises:
        BadBaseline: its baseline cannot be used.
        NotBuilt: its build command failed.
        NotStarted: its run command cannot be executed.
        UnreadableGolden: the golden trace is missing or damaged.
        Unusable: no case matches, names.txt is not there, or the transcript or the journal
            cannot be written.
    """
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    selection(request, seed, port.precision)  # what cannot be asked is said before a long build
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
        other = None if request.profile else offered_instead(report.port.profiles)
        if other is not None:
            request = replace(request, profile=other)
            if journal is not None:
                journal.turn_to(other)
            report = _asked(run._replace(request=request, rules=rules_for(port, request)))
    return rules.rewritten(report, warn) if request.baseline.update else report


def offered_instead(profiles: Sequence[str]) -> str | None:
    """The profile to ask for where none was named, if the final program is not offered.

    Of the stages it is the last; None if there is nothing else.
    """
    if MICROGPT.name in profiles:
        return None
    return next((name for name in reversed(PROFILES) if name in profiles), None)


def _asked(run: _Run) -> Report:
    port, request, journal = run.port, run.request, run.journal
    if reason := missing_tool(port.run, port.folder):
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
    introduced: PortReport | None = journal.port if journal else None
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
    """Ask what no journal has, with a transcript and the journal kept."""
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
        layout = recognised_layout(run.port, finished)
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


def warn(message: str) -> None:
    """Say something on standard error that changes no verdict."""
    put(screen(stderr=True), f"conformance: {message}", "yellow")


def ask(port: Port, selected: Sequence[Case], source: Source, watch: Watch = ignore) -> Finished:
    """Ask a port, or what stands in for it, the selected cases, and show how far it is."""
    goodbye = shutdown_case().slug
    cases = [case for case in selected if case.slug != goodbye]
    with case_progress(len(selected), screen(stderr=True)) as on_result:

        def take(result: Result) -> None:
            watch(result)
            on_result(result)

        engine = Engine(port, take, source=source)
        return engine.run(cases, shut_down=len(cases) < len(selected))
