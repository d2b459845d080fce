"""`python -m conformance.programs` writes the oracle's curves over seeds anew."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import Progress

from golden.store import replace_file

from .envelope.designs import designed
from .envelope.reference_losses import SEEDS, SHIPPED, build


@click.command()
def main() -> None:
    """Write conformance/programs/envelope/reference_losses.npz: some minutes of computing."""
    total = SEEDS * (1 + len(designed(16)))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("simulating", total=total)
        content = build(lambda: progress.advance(task))
    changed = replace_file(SHIPPED, content)
    click.echo(f"{SHIPPED.name}: {len(content) >> 10} KiB, {'written' if changed else 'unchanged'}")


if __name__ == "__main__":
    main()
