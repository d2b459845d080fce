"""`conformance trace`, and `debug` of a trace: judge a program by what it wrote in training."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from conformance.cases.request import Unusable
from conformance.explanation.diagnosing import Note
from conformance.explanation.diagnosis import Diagnosis
from conformance.explanation.trace_diagnosis import diagnosed_trace
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.mistakes import MISTAKES, Mistake
from conformance.reports.destinations import (
    TO_THE_TERMINAL,
    Forms,
    Outputs,
    write_report,
    write_run,
)
from conformance.reports.issue_text import issue_text
from conformance.reports.page.debug_page import page_of
from conformance.reports.summary import run_summary
from conformance.reports.terminal.explanation_text import in_short, show
from conformance.reports.terminal.live_view import activity
from conformance.reports.terminal.safe_console import screen
from conformance.traces.judge_trace import JudgedTrace, judge_trace
from conformance.traces.trace_report import trace_report
from conformance.traces.writing.record_lines import BadTrace
from reference.config import InvalidConfig
from reference.profiles import MICROGPT
from reference.variation import InvalidVariation, varied


def judge_trace_file(
    path: Path, settings: Sequence[str] = (), outputs: Outputs = TO_THE_TERMINAL
) -> ExitCode:
    """Judge a trace, and print and write the report.

    Raises:
        Unusable: the trace, a setting or a report's file cannot be used.
    """
    with activity(screen(stderr=True)) as note:
        report, _ = judged_trace_file(path, settings, note)
    write_run(report, outputs)
    return report.exit_code


def debug_trace_file(
    path: Path, settings: Sequence[str] = (), outputs: Outputs = TO_THE_TERMINAL
) -> ExitCode:
    """Judge a trace, and print and write the diagnosis.

    Raises:
        Unusable: the trace, a setting or a report's file cannot be used.
    """
    with activity(screen(stderr=True)) as note:
        diagnosis = debugged_trace(path, settings, note)
    write_report(forms_of_trace(diagnosis), outputs)
    return diagnosis.report.exit_code


def forms_of_trace(diagnosis: Diagnosis) -> Forms:
    """The forms of the diagnosis of a trace."""
    return Forms(
        run_summary(diagnosis.report, list(in_short(diagnosis))),
        msgspec.json.encode(diagnosis) + b"\n",
        lambda console: show(diagnosis, len(MISTAKES), console),
        lambda: page_of(diagnosis, []),
        lambda: issue_text(diagnosis),
    )


def debugged_trace(
    path: Path,
    settings: Sequence[str],
    note: Note,
    mistakes: Sequence[Mistake] = tuple(MISTAKES.values()),
) -> Diagnosis:
    """The diagnosis of a trace.

    Raises:
        Unusable: the trace or a setting cannot be used.
    """
    report, judged = judged_trace_file(path, settings, note)
    return diagnosed_trace(report, judged, note, mistakes)


def judged_trace_file(
    path: Path, settings: Sequence[str] = (), note: Note = lambda _words: None
) -> tuple[Report, JudgedTrace]:
    """The report on a trace, and what it rests on.

    Raises:
        Unusable: the trace or a setting cannot be used.
    """
    try:
        config = varied(MICROGPT, settings)
        names = [setting.partition("=")[0] for setting in settings]
        changed = {name: getattr(config, name) for name in names}
        note("judging the steps of the trace")
        judged = judge_trace(path, changed)
    except (InvalidVariation, InvalidConfig) as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    except BadTrace as error:
        raise Unusable(f"{path}: {error}", ExitCode.USAGE) from None
    return trace_report(path, judged, settings), judged
