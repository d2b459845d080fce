"""`python -m conformance.programs` computes the oracle's losses over many seeds."""

import click
from rich.console import Console
from rich.progress import Progress

from golden.store import replace_file

from .envelope.designs import designed
from .envelope.reference_losses import SEEDS, SHIPPED, build


@click.command()
def main() -> None:
    """Write conformance/programs/envelope/reference_losses.npz, which takes some minutes."""
    total = SEEDS * (1 + len(designed(16)))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("simulating", total=total)
        content = build(lambda: progress.advance(task))
    changed = replace_file(SHIPPED, content)
    click.echo(f"{SHIPPED.name}: {len(content) >> 10} KiB, {'written' if changed else 'unchanged'}")


if __name__ == "__main__":
    main()
