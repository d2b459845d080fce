"""`conformance trace`: judge a program by the trace that it wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..ending import JudgingCommand, exit_with
from ..options import SETTINGS, with_outputs

if TYPE_CHECKING:
    from conformance.reports.destinations import Outputs


@click.command(cls=JudgingCommand)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@SETTINGS
@with_outputs
def trace(file: Path, settings: tuple[str, ...], outputs: Outputs) -> None:
    """Judge a program by FILE, the trace that it wrote while it trained.

    FILE is of JSON Lines, npz or safetensors, or a folder with one of the latter two for each
    step. `-` is standard input. Each step is judged from the program's own state before it.
    """
    from conformance.runs.tracing import judge_trace_file

    exit_with(lambda: judge_trace_file(file, settings, outputs), str(file), outputs)
