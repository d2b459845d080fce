"""`conformance replay`: judge a recorded run again, without the port."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..ending import JudgingCommand, exit_with
from ..options import CASES, with_outputs

if TYPE_CHECKING:
    from conformance.reports.destinations import Outputs


@click.command(cls=JudgingCommand)
@click.argument("transcript", type=click.Path(path_type=Path))
@CASES
@with_outputs
def replay(transcript: Path, patterns: tuple[str, ...], outputs: Outputs) -> None:
    """Judge a recorded run again, without the port.

    TRANSCRIPT is a file that `run --transcript` wrote. The report and the exit code are those of
    the run. A transcript that lacks a question of this suite is refused, with exit code 2. One
    that breaks off is replayed up to its last whole case, as an interrupted run.
    """
    from conformance.runs.replaying import replay_transcript

    exit_with(lambda: replay_transcript(transcript, patterns, outputs), transcript.name, outputs)
