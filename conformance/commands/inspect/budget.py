"""`conformance budget`: explain where the budgets of a case come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from conformance.judging.outcome import ExitCode

from ..ending import exit_with
from ..options import AS_JSON, PROFILE

if TYPE_CHECKING:
    from golden.budgets import Precision


@click.command()
@click.argument("place", metavar="CASE[#POINTER]")
@PROFILE
@click.option(
    "--precision",
    type=click.Choice(["float64", "float32"]),
    default="float64",
    show_default=True,
    help="The port's precision.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the fresh cases.")
@AS_JSON
def budget(place: str, profile: str | None, precision: Precision, seed: int, as_json: bool) -> None:
    """Explain the budgets of a case, or of one number in it.

    Write a place as reports do: backward/warm-step-453#/grads/wte/3/0
    """
    import msgspec

    from conformance.cases import all_cases, long_cases
    from conformance.cases.budget_origin import explain
    from conformance.cases.request import Request
    from conformance.cases.selection import case_named
    from conformance.reports.terminal.budget_text import show
    from conformance.reports.terminal.safe_console import screen
    from conformance.runs.preparation import usable

    def work() -> ExitCode:
        slug, _, pointer = place.partition("#")
        with usable():
            about = Request("", profile=profile).judged_program
            known = [*all_cases(seed, precision, about), *long_cases(seed, precision, about)]
            parts = explain(case_named(slug, known), precision, pointer)
        if as_json:
            click.echo(msgspec.json.encode(parts))
        else:
            show(parts, slug, precision if pointer else None, screen())
        return ExitCode.PASS

    exit_with(work)
