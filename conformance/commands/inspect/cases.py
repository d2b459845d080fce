"""`conformance cases`: list the cases."""

import click

from conformance.judging.outcome import ExitCode

from ..ending import exit_with
from ..options import PROFILE


@click.command()
@click.argument("patterns", nargs=-1, metavar="[SLUG]...")
@PROFILE
def cases(patterns: tuple[str, ...], profile: str | None) -> None:
    """List the cases: slug, method, and what a right port does.

    A SLUG may be a pattern (`backward/*`) or a level.
    """
    from conformance.cases import all_cases, long_cases, select
    from conformance.cases.by_level.handshake import shutdown_case
    from conformance.cases.request import Request
    from conformance.reports.terminal.safe_console import put, screen
    from conformance.runs.preparation import usable

    def work() -> ExitCode:
        with usable():
            about = Request("", profile=profile).judged_program
            known = [*all_cases(0, "float64", about), *long_cases(0, "float64", about)]
        listed = select([*known, shutdown_case()], patterns)
        slugs = max((len(case.slug) for case in listed), default=0)
        methods = max((len(case.method) for case in listed), default=0)
        console = screen()
        for case in listed:
            put(console, case.about, first=f"{case.slug:{slugs}}  {case.method:{methods}}  ")
        return ExitCode.PASS

    exit_with(work)
