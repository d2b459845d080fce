"""`conformance stages`: train the stages of microgpt, and compare their losses."""

from pathlib import Path

import click

from ..ending import exit_with


@click.command()
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Train on this file, one document a line. Default: names.txt if it is known, or else the "
    "embedded corpus.",
)
@click.option("--embedded", is_flag=True, help="Train on the embedded corpus.")
@click.argument("pictures", nargs=-1, type=click.Path(path_type=Path), metavar="[PICTURE]...")
def stages(corpus: Path | None, embedded: bool, pictures: tuple[Path, ...]) -> None:
    """Train the stages train0 to train5, and compare their losses.

    A PICTURE is a file to draw the loss curves in: an SVG if its name ends in .svg, or else a page
    that opens offline.
    """
    from conformance.surveys.stages.survey import compare_stages

    exit_with(lambda: compare_stages(corpus, embedded=embedded, pictures=pictures))
