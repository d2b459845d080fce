"""The command line of the golden traces: `build` writes them, `check` checks them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from reference.wrapping import wrapped

from .progress import Progress

CONTEXT = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=CONTEXT)
def main() -> None:
    """Build and check the golden traces of the canonical program."""


@main.command(context_settings=CONTEXT)
def build() -> None:
    """Write the golden traces, their schema and their manifest.

    Files that have not changed stay untouched.
    """
    from .goldens import build_all

    with _clear_errors(), _progress() as progress:
        for line in build_all(progress):
            _say(line)


@main.command(context_settings=CONTEXT)
def check() -> None:
    """Check that the traces are whole, and that this machine agrees.

    Computes every recorded number again. Exits with 0 if all files are the ones that the manifest
    lists and all numbers are within their budgets, with 1 if not.
    """
    from .check import Condition, movement
    from .goldens import check_all

    with _clear_errors():
        findings = list(check_all())
    for finding in findings:
        _say(f"{finding.name}: {finding.detail}")
        if finding.values:
            _say(movement(finding.drifts, finding.values), first="  ")
    whole = {Condition.INTACT, Condition.DRIFTED}
    sys.exit(0 if all(finding.condition in whole for finding in findings) else 1)


def _say(words: str, first: str = "", *, err: bool = False) -> None:
    click.echo("\n".join(wrapped(words, first)), err=err)


@contextmanager
def _clear_errors() -> Iterator[None]:
    from .store import UnreadableGolden

    try:
        yield
    except UnreadableGolden as error:
        _say(f"golden: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        _say("golden: interrupted; every file is whole", err=True)
        sys.exit(130)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar on a terminal; without one, a line after every tenth."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress as Bar

        with Bar(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            yield lambda what, done, of: bar.update(
                task, description=what, completed=done, total=of
            )
    else:
        shown: dict[str, int] = {}

        def show(what: str, done: int, of: int) -> None:
            tenth = 10 * done // of
            if shown.get(what) != tenth:
                shown[what] = tenth
                click.echo(f"{what}: {done} / {of}", err=True)

        yield show
