"""The command line: `run` a port, `replay` a run, list `cases`, start a new `port`, and more."""

from __future__ import annotations

import io
import sys

import click

from . import judging, making, telling
from .ending import CONTEXT


@click.group(context_settings=CONTEXT)
def main() -> None:
    """Says whether a port of microgpt is right, and if not, where it first goes wrong."""
    # A terminal that cannot show a character gets its escape, and the verdict all the same.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


for command in (
    judging.run, judging.debug, judging.replay, judging.merge, judging.all_, judging.scoreboard,
    telling.cases, telling.budget, telling.doctor,
    making.port, making.bench, making.stages, making.score, making.protocol,
):  # fmt: skip
    main.add_command(command)
