"""The options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.judging.outcome import ExitCode

from .ending import fail

if TYPE_CHECKING:
    from conformance.cases.request import BaselineChoice, Shard

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]

FILE = click.Path(path_type=Path, dir_okay=False)
FILE_OR_STDOUT = click.Path(path_type=Path, dir_okay=False, allow_dash=True)

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
    help="Draw the fresh cases from this seed. Default: a new one in every run, printed.",
)
PROFILE = click.option(
    "--profile",
    metavar="NAME",
    help="The program to ask about, for example train0. Default: microgpt, or the last stage that "
    "the port offers if it does not offer microgpt.",
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
    help="Write every question and answer to FILE, for `replay`; gzipped if it ends in .gz.",
)
SANDBOX = click.option(
    "--sandbox",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Run ports inside bubblewrap: if it works here (auto, the default), always, or never. "
    "With `always`, no port runs where it does not work.",
)
BASELINE = (
    click.option(
        "--baseline",
        "baseline_path",
        type=FILE,
        metavar="FILE",
        help="The known failures. Default: the port's baseline.toml, if it has one.",
    ),
    click.option("--no-baseline", "ignored", is_flag=True, help="Every failure fails the run."),
)
UPDATE_BASELINE = click.option(
    "--update-baseline",
    "update",
    is_flag=True,
    help="Rewrite the baseline to match this run, keeping its comments.",
)
LONG = click.option(
    "--long", is_flag=True, help="Also the golden trajectory: 1000 steps, run freely."
)
NAMES = click.option(
    "--names", is_flag=True, help="Also the published run on names.txt: 1000 steps."
)
QUESTIONS = (PROFILE, SETTINGS, CASES, SEED)
FORMS = {
    "json": "Write the report as JSON to FILE; `-` is standard output, in place of the text.",
    "junit": "Write the report as JUnit XML to FILE, for Jenkins, GitLab and others.",
    "markdown": "Write the report as Markdown to FILE, for the summary of a job on GitHub.",
    "html": "Write the report as one page to FILE, which opens offline.",
    "issue": "Write what is wrong as Markdown to FILE, for an issue where the port lives.",
    "badge": "Write a badge to FILE, as an endpoint of shields.io.",
}
OUTPUTS = (
    *(
        click.option(
            f"--{form}",
            type=FILE_OR_STDOUT if form == "json" else FILE,
            metavar="FILE",
            help=words,
        )
        for form, words in FORMS.items()
    ),
    click.option(
        "--annotations",
        is_flag=True,
        help="Print each failure as a workflow command, which GitHub shows beside the code.",
    ),
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the text.")


def with_request(*options: Decorator) -> Decorator:
    """Give a command these options, which say what to ask of a port, as its argument `request`."""

    def decorated(command: Function) -> Function:
        @functools.wraps(command)
        def collected(**given: Any) -> None:
            from conformance.cases.request import Request
            from ports_adapter.containment.sandbox import Sandbox

            given["baseline"] = baseline_choice(
                *(given.pop(name, None) for name in ("baseline_path", "ignored", "update"))
            )
            given["shard"] = _shard(given.get("shard"), given.get("seed"))
            given["sandbox"] = Sandbox(given.get("sandbox", Sandbox.AUTO))
            asked = {f.name: given.pop(f.name) for f in fields(Request) if f.name in given}
            command(request=Request(**{"port": "", **asked}), **given)

        return _with_options(collected, options)

    return decorated


def with_outputs(command: Function) -> Function:
    """Give a command the options that say where the report goes, as its argument `outputs`."""

    @functools.wraps(command)
    def collected(**given: Any) -> None:
        from conformance.reports.destinations import Outputs

        paths = {form: given.pop(form) for form in FORMS}
        json, html, issue = paths.pop("json"), paths.pop("html"), paths.pop("issue")
        summaries = {form: path for form, path in paths.items() if path is not None}
        outputs = Outputs(json, html, issue, summaries, given.pop("annotations"))
        if outputs.annotations and outputs.is_for_a_program:
            fail("--annotations and --json - both need standard output", ExitCode.USAGE)
        command(outputs=outputs, **given)

    return _with_options(collected, OUTPUTS)


def _with_options(command: Function, options: tuple[Decorator, ...]) -> Function:
    for option in reversed(options):
        command = option(command)
    return command


def _shard(text: str | None, seed: int | None) -> Shard | None:
    from conformance.cases.request import Shard

    if text is None:
        return None
    if seed is None:
        fail("--shard needs --seed: all parts must draw the same fresh cases", ExitCode.USAGE)
    try:
        return Shard.parse(text)
    except ValueError as error:
        fail(f"--shard {text}: {error}", ExitCode.USAGE)


def baseline_choice(path: Path | None, ignored: bool | None, update: bool | None) -> BaselineChoice:
    """Which baseline judges a run, by the options of the command line."""
    from conformance.cases.request import BaselineChoice

    if ignored and (path or update):
        fail("--no-baseline excludes --baseline and --update-baseline", ExitCode.USAGE)
    return BaselineChoice(path, bool(ignored), bool(update))
