"""The page about the zoo: what each program does, and how its run ended."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.reports.markdown_page import filled

from .animal import Animal
from .keeper import Visit

TEMPLATE = Path(__file__).with_name("zoo.md.j2")


def page(animals: Sequence[Animal], seen: Mapping[str, Visit]) -> str:
    """The whole page, with a row for every animal, seen or not."""
    return filled(TEMPLATE, animals=animals, seen=seen, summary=summary(animals, seen))


def summary(animals: Sequence[Animal], seen: Mapping[str, Visit]) -> str:
    right = sum(not found.complaints for found in seen.values())
    left_out = len([animal for animal in animals if animal.name not in seen])
    words = f"{len(animals)} programs, {right} in their right outcome"
    return words + (f", {left_out} not run: they need containment." if left_out else ".")
