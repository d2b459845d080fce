"""`conformance score`: measure how good the suite itself is."""

import click

from conformance.judging.outcome import ExitCode

from ..ending import exit_with, fail


@click.command()
@click.argument("slugs", nargs=-1, metavar="[MISTAKE]...")
@click.option(
    "--seeds",
    type=click.IntRange(min=0),
    default=None,
    help="How many seeds the honest programs are asked. Default: 200, or none if mistakes are "
    "named.",
)
@click.option("--missing", is_flag=True, help="Only mistakes that have no score yet.")
def score(slugs: tuple[str, ...], seeds: int | None, missing: bool) -> None:
    """Measure how good the suite itself is.

    It must catch every known mistake, name it rightly, and pass every honest program. Writes
    conformance/surveys/score/score.json, docs/score.md, and the figures in README.md.
    """
    from conformance.mistakes import MISTAKES
    from conformance.reports.terminal.safe_console import screen
    from conformance.surveys.score.survey import score_all, unscored

    if unknown := [slug for slug in slugs if slug not in MISTAKES]:
        fail(f"no mistake is called {', '.join(unknown)}", ExitCode.USAGE)
    asked = seeds if seeds is not None else (0 if slugs or missing else 200)
    work = unscored(slugs) if missing else None
    exit_with(lambda: score_all(slugs, asked, screen(), work))
