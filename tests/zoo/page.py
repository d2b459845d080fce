"""The zoo as a page: what each program does, and how its run ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .animal import Animal
from .keeper import Visit

INTRODUCTION = """\
# The zoo

Real programs that answer the suite wrongly, strangely, or not at all; `make zoo` runs each through
the command line and writes this page. An animal is in its right outcome if the case that decides
ended as it should, all others as they should, the exit code is right, nothing but words was printed
(no terminal escape, no workflow command, no forged verdict), no secret was told, and no process, no
socket and no file was left behind. Those whose outcome is `pass` are odd, and right. They live in
[tests/zoo](../../tests/zoo).
"""


def page(animals: Sequence[Animal], seen: Mapping[str, Visit]) -> str:
    """The whole page, with a row for every animal, seen or not."""
    rows = [row(animal, seen.get(animal.name)) for animal in animals]
    table = ["| program | what it does | outcome | exit code | seconds |"]
    table += ["| --- | --- | --- | ---: | ---: |", *rows]
    return f"{INTRODUCTION}\n{summary(animals, seen)}\n\n" + "\n".join(table) + "\n"


def summary(animals: Sequence[Animal], seen: Mapping[str, Visit]) -> str:
    """How many there are, and how many were as they should be."""
    right = sum(not found.complaints for found in seen.values())
    left_out = len([animal for animal in animals if animal.name not in seen])
    words = f"{len(animals)} programs, {right} in their right outcome"
    return words + (f", {left_out} not run: they need containment." if left_out else ".")


def row(animal: Animal, found: Visit | None) -> str:
    """A line of the table."""
    if found is None:
        ended = "not run here | |"
    else:
        code = "none" if found.exit_code is None else found.exit_code
        wrong = " (wrong)" if found.complaints else ""
        ended = f"{found.outcome}{wrong} | {code} | {found.seconds:.1f}"
    return f"| `{animal.name}` | {animal.does} | {ended} |"
