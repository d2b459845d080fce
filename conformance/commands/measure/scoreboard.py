"""`conformance scoreboard`: judge many ports side by side, and rank them."""

from pathlib import Path
from typing import Any

import click

from ..ending import exit_with
from ..options import CASES, FILE, FILE_OR_STDOUT, PROFILE, SEED


@click.command()
@click.argument("ports", nargs=-1, metavar="[PORT]...")
@PROFILE
@CASES
@SEED
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="How many ports run at once. Default: one for each processor core.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=900.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the run of a port may take.",
)
@click.option("--no-speed", is_flag=True, help="Do not measure how fast the ports train.")
@click.option(
    "--history",
    type=FILE,
    metavar="FILE",
    help="Append a line for each port to FILE, and show what has changed since the last one.",
)
@click.option(
    "--html", type=FILE, metavar="FILE", help="Write the scoreboard as a page that opens offline."
)
@click.option(
    "--json",
    type=FILE_OR_STDOUT,
    metavar="FILE",
    help="Write the scoreboard as JSON to FILE; `-` is standard output, in place of the table.",
)
def scoreboard(no_speed: bool, html: Path | None, json: Path | None, **asked: Any) -> None:
    """Judge many PORTs side by side, and rank them.

    Without a PORT: all that come with the suite and whose toolchain is installed. Exits with 0 if
    every port passes, 1 if one does not, 130 if interrupted; finished results are always written.
    """
    from conformance.reports.destinations import Outputs
    from conformance.surveys.scoreboard.survey import Order, run_scoreboard

    order = Order(**asked, has_speeds=not no_speed)
    exit_with(lambda: run_scoreboard(order, Outputs(json=json, html=html)))
