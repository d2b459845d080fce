"""`conformance merge`: join the reports of a run that was split."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..ending import JudgingCommand, exit_with
from ..options import with_outputs

if TYPE_CHECKING:
    from conformance.reports.destinations import Outputs


@click.command(cls=JudgingCommand)
@click.argument(
    "parts", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PART..."
)
@with_outputs
def merge(parts: tuple[Path, ...], outputs: Outputs) -> None:
    """Join the reports of a run that was split.

    A PART is a report that `run --shard I/N --json PART` wrote. Parts of different runs are refused
    with exit code 2, and so is a run of which a part is missing.
    """
    from conformance.runs.merging import merge_reports

    exit_with(lambda: merge_reports(parts, outputs), "", outputs)
