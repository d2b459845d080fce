"""`conformance judge`: judge the answers that a port wrote to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.judging.outcome import ExitCode

from ..ending import JudgingCommand, exit_with, fail
from ..options import CASES, FILE, UPDATE_BASELINE, baseline_choice, with_outputs

if TYPE_CHECKING:
    from conformance.reports.destinations import Outputs


@click.command(cls=JudgingCommand)
@click.argument("questions", type=click.Path(path_type=Path))
@click.argument("answers", type=click.Path(path_type=Path))
@CASES
@click.option("--baseline", "baseline_path", type=FILE, metavar="FILE", help="The known failures.")
@UPDATE_BASELINE
@with_outputs
def judge(
    questions: Path,
    answers: Path,
    patterns: tuple[str, ...],
    baseline_path: Path | None,
    update: bool,
    outputs: Outputs,
) -> None:
    """Judge ANSWERS, which a port wrote to a file, to QUESTIONS, which `ask` wrote.

    The report and the exit code are those of a run. Answers to other questions are refused, with
    exit code 2.
    """
    from conformance.runs.answer_judging import judge_answer_file

    if update and baseline_path is None:
        fail("--update-baseline needs --baseline FILE here", ExitCode.USAGE)
    choice = baseline_choice(baseline_path, baseline_path is None, update)
    exit_with(
        lambda: judge_answer_file(questions, answers, patterns, choice, outputs),
        str(answers),
        outputs,
    )
