"""`python -m tests.zoo [NAME...]`: run all animals, or some, and write docs/reference/zoo.md."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import click

from tests.support.suite import ROOT

from . import ANIMALS
from .animal import Animal
from .containment import is_contained
from .keeper import Visit, visit
from .page import page, summary

PAGE = ROOT / "docs/reference/zoo.md"


def visits(animals: Sequence[Animal]) -> Iterator[Visit]:
    """Visit animals, a few at a time, and those that eat what the machine has one by one."""
    with tempfile.TemporaryDirectory(prefix="zoo-", ignore_cleanup_errors=True) as place:
        tame = [animal for animal in animals if not animal.needs_containment]
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as keepers:
            pending = [keepers.submit(visit, one, Path(place) / one.name) for one in tame]
            for done in as_completed(pending):
                yield done.result()
        for animal in animals:
            if animal.needs_containment:
                yield visit(animal, Path(place) / animal.name)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--dangerous", is_flag=True, help="Let out those that need containment, too.")
def main(names: tuple[str, ...], dangerous: bool) -> None:
    """Run the animals NAMES, or all, and say which are not in their right outcome.

    Where all are run, docs/reference/zoo.md is written anew.
    """
    if unknown := set(names) - ANIMALS.keys():
        raise click.UsageError(f"there is no animal called {', '.join(sorted(unknown))}")
    chosen = [ANIMALS[name] for name in names or ANIMALS]
    let_out = [a for a in chosen if dangerous or is_contained() or not a.needs_containment]
    seen: dict[str, Visit] = {}
    for number, found in enumerate(visits(let_out), 1):
        seen[found.animal.name] = found
        mark = "WRONG" if found.complaints else "right"
        click.echo(f"{number:3}/{len(let_out)} {mark}  {found.animal.name}: {found.outcome}")
    if not names:
        PAGE.write_text(page(list(ANIMALS.values()), seen), encoding="utf-8")
    click.echo(summary(chosen, seen))
    wrong = [found for found in seen.values() if found.complaints]
    for found in wrong:
        click.echo(f"{found.animal.name}:\n  " + "\n  ".join(found.complaints))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
