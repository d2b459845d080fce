"""`conformance doctor`: say what this machine has for the suite."""

import click

from ..ending import exit_with
from ..options import AS_JSON


@click.command()
@AS_JSON
def doctor(as_json: bool) -> None:
    """Say what this machine has for the suite.

    That is what the suite itself needs, what protects the machine from ports, and toolchains.
    """
    from ..machine.examination import examine

    exit_with(lambda: examine(as_json=as_json))
