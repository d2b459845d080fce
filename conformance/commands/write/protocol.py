"""`conformance protocol`: write the pages that are generated from the code."""

import click


@click.command()
def protocol() -> None:
    """Write PROTOCOL.md and the published schemas."""
    from ..published_pages import write_all

    for line in write_all():
        click.echo(line)
