"""`conformance trace`: judge a program by the trace that it wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..ending import JudgingCommand, exit_with
from ..options import BASELINE, SETTINGS, UPDATE_BASELINE, with_outputs, with_request

if TYPE_CHECKING:
    from conformance.cases.request import Request
    from conformance.reports.destinations import Outputs


@click.command(cls=JudgingCommand)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@with_request(SETTINGS, *BASELINE, UPDATE_BASELINE)
@with_outputs
def trace(file: Path, request: Request, outputs: Outputs) -> None:
    """Judge a program by FILE, the trace that it wrote while it trained.

    FILE is of JSON Lines, npz or safetensors, or a folder with one of the latter two for each
    step. `-` is standard input. Each step is judged from the program's own state before it.
    """
    from conformance.runs.tracing import judge_trace_file

    exit_with(
        lambda: judge_trace_file(file, request.settings, outputs, request.baseline),
        str(file),
        outputs,
    )
