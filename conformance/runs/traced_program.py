"""`conformance run` and `debug` of a program that writes traces, on corpora of our choice."""

import contextlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.cases.request import Request
from conformance.explanation.trace_diagnosis import diagnosed_trace
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.programs.watcher import Watcher
from conformance.reports.destinations import Outputs, write_report, write_run
from conformance.reports.terminal.live_view import activity, program_progress
from conformance.reports.terminal.safe_console import screen
from conformance.traces.corpora.corpus_tokens import CorpusTokens
from conformance.traces.corpora.several_traces import joined_traces, runs_case
from conformance.traces.corpora.trace_corpora import TraceCorpus, trace_corpora
from conformance.traces.judge_trace import JudgedTrace, judge_trace
from conformance.traces.model.model_sizes import SIZES
from conformance.traces.trace_report import program_report
from conformance.traces.writing.record_lines import BadTrace
from ports_adapter.building import build
from ports_adapter.failures import PortCrashed, PortFailure, ProtocolViolated
from ports_adapter.manifest import Port
from ports_adapter.port_toml import Program
from ports_adapter.traced_run import LAST_STEP, TracedRun
from ports_adapter.unmodified_program import scratch_copy

from .plain_program import refuse_cases
from .preparation import usable
from .tracing import by_baseline, forms_of_trace

STATED = ("n_layer", "n_embd", "n_head", "block_size", "num_steps", "temperature")
"""The settings of a program that its manifest may state."""


def run_traced_program(port: Port, request: Request, outputs: Outputs) -> ExitCode:
    """Run the program, judge its traces, and print and write the report.

    Raises:
        Unusable: the request is about cases, or the program cannot be built or started.
    """
    with usable(), program_progress(screen(stderr=True)) as watcher:
        report, _ = judged_program_traces(port, request, watcher)
    write_run(report, outputs)
    return report.exit_code


def debug_traced_program(port: Port, request: Request, outputs: Outputs) -> ExitCode:
    """Run the program, judge its traces, and print and write the diagnosis.

    Raises:
        Unusable: the request is about cases, or the program cannot be built or started.
    """
    with usable(), program_progress(screen(stderr=True)) as watcher:
        report, judged = judged_program_traces(port, request, watcher)
    with activity(screen(stderr=True)) as note:
        diagnosis = diagnosed_trace(report, judged, note)
    write_report(forms_of_trace(diagnosis), outputs)
    return report.exit_code


def judged_program_traces(
    port: Port, request: Request, watcher: Watcher
) -> tuple[Report, JudgedTrace]:
    """Run a program on each corpus, and judge its traces together.

    Raises:
        BadBaseline: its baseline cannot be used.
        NotBuilt: its build command failed.
        NotStarted: its run command cannot be executed, or its folder cannot be copied.
        Unusable: the request is about cases.
    """
    refuse_cases(port, request)
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    build(port)
    runs = _Runs(port, watcher)
    for corpus in trace_corpora(seed, port.program.block_size):
        runs.take(corpus)
        if not runs.judged:
            break  # the others are not tried: it does not write a trace at all
    judged = joined_traces(runs.judged, runs_case(len(runs.judged), runs.failure, runs.log))
    report = by_baseline(
        lambda rules: program_report(port, seed, judged, runs.tried, rules),
        request.baseline,
        port.folder,
        port.variant,
    )
    return report, judged


@dataclass
class _Runs:
    """The traces of a program that are judged so far, and the first run that failed.

    `reached` is the last step that it recorded on any corpus.
    """

    port: Port
    watcher: Watcher
    judged: dict[str, JudgedTrace] = field(default_factory=dict)
    failure: PortFailure | None = None
    log: bytes = b""
    tried: list[str] = field(default_factory=list)
    reached: int = -1

    def take(self, corpus: TraceCorpus) -> None:
        """Run the program on a corpus in a fresh copy of its folder, and judge its trace."""
        self.tried.append(corpus.name)
        with scratch_copy(self.port) as scratch:
            run = TracedRun(self.port, scratch)
            self.watcher.running(f"the corpus {corpus.name}: {corpus.about}")
            try:
                path = run.trace(corpus.content, lambda step: self.watcher.stepped(step, LAST_STEP))
                self.judged[corpus.name] = self._judged(path, corpus)
                self._refuse_early_end(run.last_step, corpus)
            except BadTrace as error:
                self._fail(ProtocolViolated(f"{self.port.program.trace}: {error}"), corpus, run)
            except PortFailure as error:
                self._fail(error, corpus, run)

    def _judged(self, path: Path, corpus: TraceCorpus) -> JudgedTrace:
        """What a trace shows; sizes that it leaves open are those of the first trace.

        Raises:
            BadTrace: it is not a trace.
        """
        stated = stated_by(self.port.program)
        try:
            return judge_trace(path, stated, corpus=CorpusTokens(corpus.corpus))
        except BadTrace:
            if not self.judged:
                raise
            config = next(iter(self.judged.values())).config
            sizes = {name: getattr(config, name) for name in SIZES}
            with contextlib.suppress(BadTrace):
                return judge_trace(path, sizes | stated, corpus=CorpusTokens(corpus.corpus))
            raise

    def _refuse_early_end(self, last_step: int, corpus: TraceCorpus) -> None:
        """Refuse a run that a hidden error may have ended: others of the program were longer.

        Raises:
            PortCrashed: it is such a run.
        """
        self.reached = max(self.reached, last_step)
        if last_step < 0:
            raise PortCrashed("the program ended without an error, and recorded no step")
        ends_an_epoch = (last_step + 1) % len(corpus.corpus.documents) == 0
        if last_step < self.reached and not ends_an_epoch:
            raise PortCrashed(
                f"the program ended without an error after step {last_step}; on other corpora it "
                f"recorded step {self.reached}"
            )

    def _fail(self, error: PortFailure, corpus: TraceCorpus, run: TracedRun) -> None:
        if self.failure is None:
            self.failure = type(error)(f"on the corpus {corpus.name} ({corpus.about}): {error}")
            self.log = run.log


def stated_by(program: Program) -> dict[str, Any]:
    """The settings that a manifest states otherwise than the published program has them."""
    usual = Program()
    return {
        name: getattr(program, name)
        for name in STATED
        if getattr(program, name) != getattr(usual, name)
    }
