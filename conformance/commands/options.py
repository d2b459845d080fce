"""The options that several commands share."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from conformance.judging.outcome import ExitCode
from ports_adapter.quoting import disarmed

if TYPE_CHECKING:
    from conformance.cases.request import BaselineChoice, Shard

Command = TypeVar("Command", bound=Callable[..., None])

CASES = click.option(
    "--case",
    "patterns",
    multiple=True,
    metavar="SLUG",
    help="Only these cases: a slug, a pattern (`backward/*`) or a level. Repeatable.",
)
SEED = click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Draw the fresh cases from this seed. Default: another one every time, printed.",
)
PROFILE = click.option(
    "--profile",
    metavar="NAME",
    help="The program to ask about, train0 for example. Default: microgpt, or where the port "
    "does not offer that, the last stage that it offers.",
)
SETTINGS = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a setting of the profile: --set n_embd=32 --set n_layer=2. Repeatable.",
)
TRANSCRIPT = click.option(
    "--transcript",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write all that is asked and answered to FILE, for `replay`; gzipped if it ends in .gz.",
)
SHARD = click.option(
    "--shard",
    "shard_text",
    metavar="I/N",
    help="Only part I of N of the cases; `merge` joins the parts' reports. Needs --seed.",
)
SANDBOX = click.option(
    "--sandbox",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Run ports inside bubblewrap: where that works (auto, the default), or else not at all "
    "(always), or never.",
)
RESUME = click.option(
    "--resume",
    "journal",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep finished results in FILE as they come, and go on from there if it has some.",
)
BASELINE = click.option(
    "--baseline",
    "baseline_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The known failures. Default: the port's baseline.toml, if it has one.",
)
NO_BASELINE = click.option(
    "--no-baseline", "ignored", is_flag=True, help="Every failure fails the run."
)
UPDATE_BASELINE = click.option(
    "--update-baseline",
    "update",
    is_flag=True,
    help="Rewrite the baseline to what this run shows, keeping comments.",
)
FORMS = {
    "json": "Write the report as JSON to FILE; to standard output, in place of the text, if `-`.",
    "junit": "Write the report as JUnit XML to FILE, for Jenkins, GitLab and others.",
    "markdown": "Write the report as Markdown to FILE, for the summary of a job on GitHub.",
    "html": "Write the report as one page to FILE, which opens offline.",
    "badge": "Write a badge to FILE, as an endpoint of shields.io.",
}
OUTPUTS = (
    *(
        click.option(
            f"--{form}",
            f"{form}_path",
            type=click.Path(path_type=Path, dir_okay=False, allow_dash=form == "json"),
            metavar="FILE",
            help=words,
        )
        for form, words in FORMS.items()
    ),
    click.option(
        "--annotations",
        "annotated",
        is_flag=True,
        help="Print what fails as workflow commands, which GitHub shows beside the code.",
    ),
)


def with_baseline(command: Command) -> Command:
    """The options that say which baseline counts."""
    return BASELINE(NO_BASELINE(UPDATE_BASELINE(command)))


def with_outputs(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say where the report goes; the command takes them as `outputs`."""

    @functools.wraps(command)
    def collected(*, annotated: bool, **given: Any) -> None:
        from conformance.reports.destinations import Outputs

        paths = {form: given.pop(f"{form}_path") for form in FORMS}
        json, html = paths.pop("json"), paths.pop("html")
        summaries = {form: path for form, path in paths.items() if path is not None}
        outputs = Outputs(json, html, summaries, annotated)
        if annotated and outputs.is_for_a_program:
            fail("--annotations and --json - both need standard output", ExitCode.USAGE)
        command(outputs=outputs, **given)

    whole: Callable[..., None] = collected
    for option in reversed(OUTPUTS):
        whole = option(whole)
    return whole


def shard_of(text: str | None, seed: int | None) -> Shard | None:
    """The part of a run that was asked for, if one was; ends the suite if it cannot be."""
    from conformance.cases.request import Shard

    if text is None:
        return None
    if seed is None:
        fail("--shard needs --seed: all parts must draw the same fresh cases", ExitCode.USAGE)
    try:
        return Shard.parse(text)
    except ValueError as error:
        fail(f"--shard {text}: {error}", ExitCode.USAGE)


def baseline_of(path: Path | None, *, ignored: bool, update: bool) -> BaselineChoice:
    """The baseline that was asked for; ends the suite if the options contradict each other."""
    from conformance.cases.request import BaselineChoice

    if ignored and (path or update):
        fail("--no-baseline goes with no other option about it", ExitCode.USAGE)
    return BaselineChoice(path, ignored, update)


def fail(message: str, code: ExitCode) -> NoReturn:
    """End the suite with a line that says why."""
    click.echo(disarmed(f"conformance: {message}"), err=True)
    sys.exit(code)
