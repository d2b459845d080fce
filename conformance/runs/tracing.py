"""`conformance trace`, and `debug` of a trace: judge a program by what it wrote in training."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from conformance.baseline.run_baseline import Rules, trace_rules
from conformance.cases.request import BaselineChoice, Unusable
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
from conformance.traces.model.model_sizes import HYPERPARAMETERS
from conformance.traces.trace_report import trace_report
from conformance.traces.writing.record_lines import BadTrace
from reference.config import InvalidConfig
from reference.profiles import MICROGPT
from reference.variation import InvalidVariation, settings_of, varied

from .preparation import usable, warn

OF_PUBLISHED = settings_of(MICROGPT)
"""The settings that the command line takes."""

PORTS_OWN = BaselineChoice()
"""The baseline beside the trace, if there is one."""


def judge_trace_file(
    path: Path,
    settings: Sequence[str] = (),
    outputs: Outputs = TO_THE_TERMINAL,
    baseline: BaselineChoice = PORTS_OWN,
) -> ExitCode:
    """Judge a trace, and print and write the report.

    Raises:
        Unusable: the trace, a setting or a report's file cannot be used.
    """
    with activity(screen(stderr=True)) as note:
        report, _ = judged_trace_file(path, settings, note, baseline)
    write_run(report, outputs)
    return report.exit_code


def debug_trace_file(
    path: Path,
    settings: Sequence[str] = (),
    outputs: Outputs = TO_THE_TERMINAL,
    baseline: BaselineChoice = PORTS_OWN,
) -> ExitCode:
    """Judge a trace, and print and write the diagnosis.

    Raises:
        Unusable: the trace, a setting or a report's file cannot be used.
    """
    with activity(screen(stderr=True)) as note:
        diagnosis = debugged_trace(path, settings, note, baseline=baseline)
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
    baseline: BaselineChoice = PORTS_OWN,
) -> Diagnosis:
    """The diagnosis of a trace, without the failures that its baseline excuses.

    Raises:
        Unusable: the trace or a setting cannot be used.
    """
    report, judged = judged_trace_file(path, settings, note, baseline)
    return diagnosed_trace(report, judged, note, mistakes)


def judged_trace_file(
    path: Path,
    settings: Sequence[str] = (),
    note: Note = lambda _words: None,
    baseline: BaselineChoice = PORTS_OWN,
) -> tuple[Report, JudgedTrace]:
    """The report on a trace, and what it rests on.

    Args:
        path: the trace.
        settings: as on the command line, such as `n_head=2`.
        note: called with the current activity.
        baseline: the known failures; by default those beside the trace, if there are any.

    Raises:
        Unusable: the trace, a setting or the baseline cannot be used.
    """
    try:
        config = varied(MICROGPT, settings)
        names = [setting.partition("=")[0] for setting in settings]
        changed = {name: getattr(config, name) for name in names}
        note("judging the steps of the trace")
        judged = judge_trace(path, changed)
    except (InvalidVariation, InvalidConfig) as error:
        raise Unusable(_in_the_trace(settings) or str(error), ExitCode.USAGE) from None
    except BadTrace as error:
        raise Unusable(f"{path}: {error}", ExitCode.USAGE) from None
    with usable():
        report = by_baseline(
            lambda rules: trace_report(path, judged, settings, rules), baseline, path.parent
        )
    return report, judged


def _in_the_trace(settings: Sequence[str]) -> str:
    """Where a setting belongs that the command line does not take, but a trace does."""
    names = (setting.partition("=")[0] for setting in settings)
    fields = [name for name in names if name in HYPERPARAMETERS and name not in OF_PUBLISHED]
    if not fields:
        return ""
    return f'--set takes no {fields[0]!r}; state "{fields[0]}" in the first record of the trace'


def by_baseline(
    report_by: Callable[[Rules], Report], choice: BaselineChoice, folder: Path, variant: str = ""
) -> Report:
    """A report on traces by the rules of their baseline, which is rewritten if that is chosen.

    Args:
        report_by: gives the report by some rules.
        choice: which baseline.
        folder: where it is, if the choice does not say.
        variant: of the port.

    Raises:
        BadBaseline: it cannot be read, used or rewritten.
        Unusable: its file cannot be written.
    """
    rules = trace_rules(choice, folder, variant)
    report = report_by(rules)
    if not choice.update or rules.baseline is None:
        return report
    rules.rewritten(report, warn)
    now = replace(choice, path=rules.baseline.path, update=False)
    return report_by(trace_rules(now, folder, variant))
