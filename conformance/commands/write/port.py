"""`conformance port`: write a starter kit for a new port."""

import shlex
from pathlib import Path

import click

from conformance.judging.outcome import ExitCode

from ..ending import fail


@click.command()
@click.argument("language", default="")
@click.argument("folder", default="")
def port(language: str, folder: str) -> None:
    """Write a starter kit for a new port.

    The port is in LANGUAGE, and FOLDER is new or empty.
    """
    from ports_adapter.kits import KITS, Refused, write_kit

    if not language or not folder:
        usage = f"make port LANG={'|'.join(KITS)} DIR=folder"
        fail(f"a language and a folder are needed:\n  {usage}", ExitCode.USAGE)
    try:
        written = write_kit(language, Path(folder).expanduser())
    except (Refused, RuntimeError) as error:  # the latter for a home (~name) that does not exist
        fail(str(error), ExitCode.USAGE)
    click.echo(f"{written.name}, a port in {written.kit.language}, in {written.folder}:")
    for file in written.files:
        click.echo(f"  {file}")
    click.echo("Next:")
    click.echo(f"  make conform PORT={shlex.quote(str(written.folder))}")
    click.echo(f"  $EDITOR {shlex.quote(str(written.folder / written.kit.methods_file))}")
