"""The command line: fuzz for a while, feed one input again, or record the figures.

python -m tests.fuzz [--inputs N] [--target NAME] [--seed S] [--engine NAME] [--record]
"""

import base64
import binascii
import secrets
import sys
from collections.abc import Callable, Sequence

import click

from . import figures, running, with_atheris, with_hypothesis
from .feeding import Fault, fed
from .figures import Row
from .running import Ran
from .target import Target
from .targets import TARGETS

ENGINES: dict[str, Callable[[Target, int, int], Ran]] = {
    "mutation": running.run,
    "hypothesis": with_hypothesis.run,
    "atheris": with_atheris.run,
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--inputs", type=click.IntRange(min=1), default=20_000, help="Of all targets.")
@click.option("--target", "names", multiple=True, type=click.Choice(list(TARGETS)))
@click.option("--seed", type=click.IntRange(min=0), help="Default: another one every time.")
@click.option("--engine", type=click.Choice(list(ENGINES)), default="mutation")
@click.option("--input", "content", metavar="BASE64", help="Feed this alone, to one target.")
@click.option("--record", is_flag=True, help="Keep the figures in docs/reference/fuzz.md.")
def main(
    inputs: int,
    names: tuple[str, ...],
    seed: int | None,
    engine: str,
    content: str | None,
    record: bool,
) -> None:
    """Feed what reads things from outside with what nobody would write; exit 1 if one fails."""
    targets = [TARGETS[name] for name in names or TARGETS]
    if content is not None:
        _feed_one(targets, content)
        return
    seed = secrets.randbelow(2**32) if seed is None else seed
    click.echo(f"seed {seed}, engine {engine}")
    rows: list[Row] = []
    for target, share in running.shares(targets, inputs):
        try:
            ran = ENGINES[engine](target, share, seed)
        except with_atheris.NoAtheris as error:
            raise click.ClickException(str(error)) from None
        rows.append(figures.row_of(ran, seed))
        _tell(ran)
        if record:  # minutes of work are not lost at its end
            figures.keep_rows(rows[-1:])
    total, findings = sum(row.inputs for row in rows), sum(row.findings for row in rows)
    click.echo(f"{total:,} inputs, {findings} findings")
    sys.exit(1 if findings else 0)


def _feed_one(targets: Sequence[Target], content: str) -> None:
    if len(targets) != 1:
        raise click.UsageError("--input needs one --target")
    try:
        given = base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise click.UsageError(f"--input is not base64: {error}") from None
    ending = fed(targets[0], given)
    click.echo(ending.message if isinstance(ending, Fault) else ending.value)
    sys.exit(1 if isinstance(ending, Fault) else 0)


def _tell(ran: Ran) -> None:
    counts = ", ".join(f"{count:,} {ending.value}" for ending, count in ran.endings.items())
    click.echo(f"{ran.target:11} {ran.inputs:>10,} inputs: {counts}, {len(ran.findings)} findings")
    for found in ran.findings.values():
        given = with_atheris.shown(found.content)
        click.echo(f"  {found.count} times {found.fault.message}")
        click.echo(f"  again: python -m tests.fuzz --target {ran.target} --input {given}")


if __name__ == "__main__":
    main()
