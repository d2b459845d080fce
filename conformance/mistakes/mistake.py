"""A known mistake: words for a port's author, and a patch that makes the reference program wrong.

A decorator from `mistake_at` enters a function that gives such a patch into `MISTAKES`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.anatomy.levels import Level

Patch = Mapping[str, Any]
"""Replacements for parts of the program, by name.

A plain name is a function, replaced in every module of the program that uses it (`softmax`). A
dotted name is a method (`Value.relu`, `Config.learning_rate_at`, `Random.gauss`), or a function
in one module only (`training.total`).
"""


def seam_patch(function: Callable[..., Any], **parts: Any) -> Patch:
    """The patch that cuts a function of the program into parts and replaces some of them.

    Args:
        function: the function of a module of `conformance.mistakes.seams` with the name of the
            program's own.
        parts: the replacements, by the names of that module's functions.
    """
    module = function.__module__.rpartition(".")[2]
    cut = {f"seams.{module}.{part}": replacement for part, replacement in parts.items()}
    return {function.__name__: function} | cut


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake that authors of ports make.

    Attributes:
        slug: its name in reports and on the command line.
        title: a short statement of it, without a period.
        what: what the port computes, and what it should compute.
        why: why people make it.
        mend: what to do.
        level: the first level whose cases show it.
        patch: makes it; each call gives a new patch, since some keep state while they run.
        languages: where it is likely; "any" is every language.
        twins: mistakes that sometimes give the same numbers, by slug, each with the experiment
            that distinguishes the two.
        only_in_double: whether single precision hides it.
    """

    slug: str
    title: str
    what: str
    why: str
    mend: str
    level: Level
    patch: Callable[[], Patch]
    languages: tuple[str, ...] = ("any",)
    twins: dict[str, str] = field(default_factory=dict)
    only_in_double: bool = False


MISTAKES: dict[str, Mistake] = {}
"""The catalogue: every known mistake by slug, in the order of the levels that first show it."""


def mistake_at(level: Level) -> Callable[..., Callable[[Callable[[], Patch]], Callable[[], Patch]]]:
    """A decorator for mistakes that a level shows first; it enters a patch into the catalogue.

    The name of the decorated function becomes the slug. The decorator takes the title, and by
    keyword the other fields of `Mistake`. Only one of two twins has to name the other.

    Raises:
        ValueError: from the decorator, if the slug is already in the catalogue.
    """

    def mistake(title: str, **fields: Any) -> Callable[[Callable[[], Patch]], Callable[[], Patch]]:
        def enter(patch: Callable[[], Patch]) -> Callable[[], Patch]:
            slug = patch.__name__.strip("_").replace("_", "-")
            if slug in MISTAKES:
                raise ValueError(f"two mistakes are called {slug}")
            MISTAKES[slug] = Mistake(slug=slug, title=title, level=level, patch=patch, **fields)
            return patch

        return enter

    return mistake


def arrange() -> None:
    """Sort the catalogue by level, and give both of two twins the experiment of either."""
    levels = list(Level)
    entries = sorted(MISTAKES.items(), key=lambda entry: levels.index(entry[1].level))
    MISTAKES.clear()
    MISTAKES.update(entries)
    for slug, entry in entries:
        for other, experiment in entry.twins.items():
            MISTAKES[other].twins[slug] = experiment
