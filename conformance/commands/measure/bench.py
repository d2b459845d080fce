"""`conformance bench`: compare how fast ports train."""

from pathlib import Path

import click

from ..ending import exit_with
from ..options import AS_JSON, FILE, SANDBOX


@click.command()
@click.argument("ports", nargs=-1, metavar="[PORT]...")
@click.option("--html", type=FILE, metavar="FILE", help="Write a plot that opens offline.")
@AS_JSON
@SANDBOX
def bench(ports: tuple[str, ...], html: Path | None, as_json: bool, sandbox: str) -> None:
    """Compare how fast PORTs train, and what they take.

    Measures training steps, the time to start, and memory.
    Without a PORT: all that come with the suite and whose toolchain is installed. The reference is
    measured in the same run: times differ between machines, and ratios hardly do.
    """
    from conformance.reports.destinations import Outputs
    from conformance.surveys.benchmark.survey import compare_speeds
    from ports_adapter.containment.sandbox import Sandbox

    outputs = Outputs(json=Path("-") if as_json else None, html=html)
    exit_with(lambda: compare_speeds(ports, outputs, Sandbox(sandbox)))
