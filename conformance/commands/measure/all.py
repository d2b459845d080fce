"""`conformance all`: judge every port that comes with the suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..ending import JudgingCommand, exit_with
from ..options import CASES, PROFILE, SANDBOX, SEED, with_request

if TYPE_CHECKING:
    from conformance.cases.request import Request


@click.command(name="all", cls=JudgingCommand)
@with_request(PROFILE, CASES, SEED, SANDBOX)
def all_(request: Request) -> None:
    """Judge every port that comes with the suite.

    A port whose toolchain is not installed is left out. The exit code is that of the first port
    that does not pass.
    """
    from conformance.surveys.all_ports import conform_all

    exit_with(lambda: conform_all(request))
