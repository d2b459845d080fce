"""`conformance run`: judge a port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from conformance.judging.outcome import ExitCode

from ..ending import JudgingCommand, exit_with, fail
from ..options import (
    BASELINE,
    FILE,
    LONG,
    NAMES,
    QUESTIONS,
    SANDBOX,
    TRANSCRIPT,
    UPDATE_BASELINE,
    with_outputs,
    with_request,
)

if TYPE_CHECKING:
    from conformance.cases.request import Request
    from conformance.reports.destinations import Outputs

OF_A_RUN = (
    UPDATE_BASELINE,
    LONG,
    NAMES,
    click.option(
        "--shard",
        metavar="I/N",
        help="Only part I of N of the cases; `merge` joins the parts' reports. Needs --seed.",
    ),
    click.option(
        "--resume",
        "journal",
        type=FILE,
        metavar="FILE",
        help="Keep finished results in FILE as they come, and continue from those that it holds.",
    ),
)


@click.command(cls=JudgingCommand)
@click.argument("port")
@with_request(*QUESTIONS, *BASELINE, *OF_A_RUN, TRANSCRIPT, SANDBOX)
@with_outputs
def run(request: Request, outputs: Outputs) -> None:
    """Build PORT, ask it the cases, and print a verdict.

    PORT is a folder with a port.toml, or the name of a port that comes with the suite.
    """
    from conformance.runs.running import run_port

    if request.journal and request.transcript:
        fail("--resume excludes --transcript: a resumed run has no transcript", ExitCode.USAGE)
    exit_with(lambda: run_port(request, outputs), request.port, outputs)
