"""Commands that measure and make: `port`, `bench`, `stages`, `score`, `protocol`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.judging.outcome import ExitCode

from .ending import CONTEXT, exit_with
from .options import (
    SANDBOX,
    fail,
)

if TYPE_CHECKING:
    pass


@click.command(context_settings=CONTEXT)
@click.argument("language", default="")
@click.argument("folder", default="")
def port(language: str, folder: str) -> None:
    """Write a starter kit for a port in LANGUAGE into FOLDER, which is new or empty."""
    import shlex

    from ports_adapter.kits import KITS, Refused, write_kit

    if not language or not folder:
        usage = f"make port LANG={'|'.join(KITS)} DIR=folder"
        fail(f"a language and a folder are needed: {usage}", ExitCode.USAGE)
    try:
        written = write_kit(language, Path(folder).expanduser())
    except (Refused, RuntimeError) as error:  # the latter for a home (~name) that there is not
        fail(str(error), ExitCode.USAGE)
    click.echo(f"{written.name}, a port in {written.kit.language}, in {written.folder}:")
    for file in written.files:
        click.echo(f"  {file}")
    click.echo("Next:")
    click.echo(f"  make conform PORT={shlex.quote(str(written.folder))}")
    click.echo(f"  $EDITOR {shlex.quote(str(written.folder / written.kit.methods_file))}")


@click.command(context_settings=CONTEXT)
@click.argument("ports", nargs=-1, metavar="[PORT]...")
@click.option(
    "--html", "html_path", type=click.Path(path_type=Path, dir_okay=False), help="Write a plot."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, in place of the table.")
@SANDBOX
def bench(ports: tuple[str, ...], html_path: Path | None, as_json: bool, sandbox: str) -> None:
    """Compare how fast ports train, start, and how much memory they take; all of ours if none.

    The reference is measured beside them: times travel badly, ratios of one run do not.
    """
    from conformance.surveys.benchmark.survey import compare_speeds
    from ports_adapter.containment.sandbox import Sandbox

    chosen = Sandbox(sandbox)
    exit_with(lambda: compare_speeds(ports, html_path, as_json=as_json, sandbox=chosen))


@click.command(context_settings=CONTEXT)
@click.option(
    "--corpus",
    "corpus_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Documents to train on, one a line. Default: names.txt if it is known, or else the "
    "embedded corpus.",
)
@click.option("--embedded", is_flag=True, help="Train on the embedded corpus.")
@click.argument("pictures", nargs=-1, type=click.Path(path_type=Path), metavar="[PICTURE]...")
def stages(corpus_path: Path | None, embedded: bool, pictures: tuple[Path, ...]) -> None:
    """Run the stages train0 to train5 side by side, and draw their loss curves.

    A PICTURE is a file to write: an SVG if its name ends so, or else a page that opens offline.
    """
    from conformance.surveys.stages.survey import compare_stages

    exit_with(lambda: compare_stages(corpus_path, embedded=embedded, pictures=pictures))


@click.command(context_settings=CONTEXT)
@click.argument("slugs", nargs=-1, metavar="[MISTAKE]...")
@click.option(
    "--seeds",
    type=click.IntRange(min=0),
    default=None,
    help="How many honest programs are tried on. Default: 200, or none if mistakes are named.",
)
@click.option("--missing", is_flag=True, help="Only mistakes that have no score yet.")
def score(slugs: tuple[str, ...], seeds: int | None, missing: bool) -> None:
    """Score the suite itself: run the known mistakes as faulty ports, and honest programs.

    Writes conformance/surveys/score/score.json, docs/score.md, and the figures in README.md.
    """
    from rich.console import Console

    from conformance.mistakes import MISTAKES
    from conformance.surveys.score.survey import score_all, unscored

    if unknown := [slug for slug in slugs if slug not in MISTAKES]:
        fail(f"no mistake is called {', '.join(unknown)}", ExitCode.USAGE)
    tried_on = seeds if seeds is not None else (0 if slugs or missing else 200)
    work = unscored(slugs) if missing else None
    exit_with(lambda: score_all(slugs, tried_on, Console(), work))


@click.command(context_settings=CONTEXT)
def protocol() -> None:
    """Write PROTOCOL.md and the published schemas anew."""
    from .published_pages import write_all

    for line in write_all():
        click.echo(line)
