"""Commands that tell what there is: `cases`, `budget`, `doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from conformance.judging.outcome import ExitCode

from .ending import CONTEXT, exit_with
from .options import (
    PROFILE,
    fail,
)

if TYPE_CHECKING:
    pass


@click.command(context_settings=CONTEXT)
@click.argument("patterns", nargs=-1, metavar="[SLUG]...")
@PROFILE
def cases(patterns: tuple[str, ...], profile: str | None) -> None:
    """List the cases: slug, method, and what a port does that passes it."""
    from conformance.cases.by_level.handshake import shutdown_case
    from conformance.cases.request import Request, Unusable
    from golden.store import UnreadableGolden

    from ..cases import all_cases, long_cases, select

    try:
        asked = 0, "float64", Request("", profile=profile).judged_program
        known = [*all_cases(*asked), *long_cases(*asked), shutdown_case()]  # type: ignore[arg-type]
    except Unusable as error:
        fail(str(error), error.exit_code)
    except UnreadableGolden as error:
        fail(str(error), ExitCode.SUITE_FAULT)
    for case in select(known, patterns):
        click.echo(f"{case.slug:34} {case.method:14} {case.about}")


@click.command(context_settings=CONTEXT)
@click.argument("place", metavar="CASE[#POINTER]")
@PROFILE
@click.option("--precision", type=click.Choice(["float64", "float32"]), default="float64")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the fresh cases.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, in place of the text.")
def budget(place: str, profile: str | None, precision: str, seed: int, as_json: bool) -> None:
    """Explain the budgets of a case, or of one number in it: truth, enclosure, spread, factor.

    A place reads as in a report: backward/warm-step-453#/grads/wte/3/0
    """
    import msgspec

    from conformance.cases.budget_origin import NoSuchPlace, explain, sentences, summary
    from conformance.cases.request import Request, Unusable
    from conformance.cases.selection import the_case
    from golden.store import UnreadableGolden

    from ..cases import all_cases, long_cases

    slug, _, pointer = place.partition("#")
    try:
        asked = seed, precision, Request("", profile=profile).judged_program
        known = [*all_cases(*asked), *long_cases(*asked)]  # type: ignore[arg-type]
        parts = explain(the_case(slug, known), precision, pointer)  # type: ignore[arg-type]
    except UnreadableGolden as error:
        fail(str(error), ExitCode.SUITE_FAULT)
    except NoSuchPlace as error:
        fail(str(error), ExitCode.USAGE)
    except Unusable as error:
        fail(str(error), error.exit_code)
    if as_json:
        click.echo(msgspec.json.encode(parts))
    elif not parts:
        click.echo(f"{slug}: nothing in its answer is rounded, so all of it is compared exactly")
    else:
        lines = sentences(parts[0], precision) if pointer else summary(parts)  # type: ignore[arg-type]
        for line in lines:
            click.echo(line)


@click.command(context_settings=CONTEXT)
@click.option("--json", "as_json", is_flag=True, help="As JSON, in place of the text.")
def doctor(as_json: bool) -> None:
    """Say what this machine has: protection from ports, toolchains, and what the suite needs."""
    from .doctor import examine

    exit_with(lambda: examine(as_json=as_json))
