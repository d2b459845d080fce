"""`conformance run`: judge a port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from conformance.judging.outcome import ExitCode

from ..ending import JudgingCommand, exit_with, fail
from ..options import (
    BASELINE,
    CASES,
    LONG,
    NAMES,
    NO_BASELINE,
    PROFILE,
    RESUME,
    SANDBOX,
    SEED,
    SETTINGS,
    SHARD,
    TRANSCRIPT,
    UPDATE_BASELINE,
    with_outputs,
    with_request,
)

if TYPE_CHECKING:
    from conformance.cases.request import Request
    from conformance.reports.destinations import Outputs


@click.command(cls=JudgingCommand)
@click.argument("port")
@with_request(
    PROFILE, SETTINGS, CASES, SEED, LONG, NAMES, BASELINE, NO_BASELINE, UPDATE_BASELINE, SHARD,
    RESUME, TRANSCRIPT, SANDBOX,
)  # fmt: skip
@with_outputs
def run(request: Request, outputs: Outputs) -> None:
    """Build PORT, ask it the cases, and print a verdict.

    PORT is a folder with a port.toml, or the name of a port that comes with the suite.
    """
    from conformance.runs.running import run_port

    if request.journal and request.transcript:
        fail("--resume excludes --transcript: a resumed run has no transcript", ExitCode.USAGE)
    exit_with(lambda: run_port(request, outputs), request.port, outputs)
