"""`conformance trace`: judge a program by the trace that it wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.judging.report import Report
from conformance.reports.destinations import TO_THE_TERMINAL, Outputs, write_run
from conformance.traces.judge_trace import judge_trace
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
    report = report_of(path, settings)
    write_run(report, outputs)
    return report.exit_code


def report_of(path: Path, settings: Sequence[str] = ()) -> Report:
    """The report on a trace.

    Raises:
        Unusable: the trace or a setting cannot be used.
    """
    try:
        config = varied(MICROGPT, settings)
        changed = {
            name.partition("=")[0]: getattr(config, name.partition("=")[0]) for name in settings
        }
        return trace_report(path, judge_trace(path, changed), settings)
    except (InvalidVariation, InvalidConfig) as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    except BadTrace as error:
        raise Unusable(f"{path}: {error}", ExitCode.USAGE) from None
