"""`conformance debug`: judge a port, and explain what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..ending import JudgingCommand, exit_with
from ..options import BASELINE, QUESTIONS, SANDBOX, TRANSCRIPT, with_outputs, with_request

if TYPE_CHECKING:
    from conformance.cases.request import Request
    from conformance.reports.destinations import Outputs


@click.command(cls=JudgingCommand)
@click.argument("port")
@click.argument("answers", required=False, type=click.Path(path_type=Path))
@with_request(*QUESTIONS, *BASELINE, TRANSCRIPT, SANDBOX)
@with_outputs
def debug(request: Request, answers: Path | None, outputs: Outputs) -> None:
    """Judge PORT, and explain what is wrong with it.

    A file is taken for a trace, and so is a folder of npz or safetensors files; two files are taken
    for questions and the port's ANSWERS to them.

    Shows the first wrong place, the known mistake that gives the port's numbers, and the smallest
    case that fails, as a test in the port's own language. Failures that the baseline excuses are
    left out.
    """
    from conformance.runs.debugging import debug_answers, debug_port

    if answers is not None:
        questions = Path(request.port)
        exit_with(
            lambda: debug_answers(questions, answers, request, outputs), str(answers), outputs
        )
    if _is_trace(Path(request.port)):
        from conformance.runs.tracing import debug_trace_file

        path = Path(request.port)
        exit_with(
            lambda: debug_trace_file(path, request.settings, outputs, request.baseline),
            str(path),
            outputs,
        )
    exit_with(lambda: debug_port(request, outputs), request.port, outputs)


def _is_trace(path: Path) -> bool:
    from conformance.traces.tensor_files.tensor_records import has_tensor_files

    return path.is_file() or (has_tensor_files(path) and not (path / "port.toml").exists())
