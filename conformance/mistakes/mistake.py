"""What a known mistake is: words for people, and a patch to the canonical program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.anatomy.levels import Level

Patch = Mapping[str, Any]
"""What stands in place of the program's own, by name.

A plain name is a function, replaced in every module of the program that uses it (`softmax`); a
dotted one is a method (`Value.relu`, `Config.learning_rate_at`, `Random.gauss`), or the function
of one module alone (`training.total`).
"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake that ports make.

    `what` says what is computed instead, `why` how people come to it, `mend` what to do;
    `languages` are those where it is likely. `level` is the first that can show it. `twins` are
    mistakes that give the same numbers in some circumstances, each with the experiment that
    tells the two apart. What is `only_in_double` is no mistake in single precision. `patch` makes
    the mistake; each call gives a fresh one, since some mistakes remember.
    """

    slug: str
    title: str
    what: str
    why: str
    mend: str
    level: Level
    patch: Callable[[], Patch]
    languages: tuple[str, ...] = ()
    twins: dict[str, str] = field(default_factory=dict)
    only_in_double: bool = False


MISTAKES: dict[str, Mistake] = {}
"""All that are known, by slug, in the order of the levels that first show them."""


def mistake(
    title: str,
    *,
    what: str,
    why: str,
    mend: str,
    level: Level,
    languages: tuple[str, ...] = ("any",),
    twins: Mapping[str, str] | None = None,
    only_in_double: bool = False,
) -> Callable[[Callable[[], Patch]], Callable[[], Patch]]:
    """Enter a patch into the catalogue under its function's name.

    Of two twins, one alone need say so.
    """

    def enter(patch: Callable[[], Patch]) -> Callable[[], Patch]:
        slug = patch.__name__.strip("_").replace("_", "-")
        if slug in MISTAKES:
            raise ValueError(f"two mistakes are called {slug}")
        MISTAKES[slug] = Mistake(
            slug, title, what, why, mend, level, patch, languages, dict(twins or {}), only_in_double
        )
        return patch

    return enter


def arrange() -> None:
    """Put the catalogue in the order of its levels, and give every twin what the other says."""
    levels = list(Level)
    entries = sorted(MISTAKES.items(), key=lambda entry: levels.index(entry[1].level))
    MISTAKES.clear()
    MISTAKES.update(entries)
    for slug, entry in entries:
        for other, experiment in entry.twins.items():
            MISTAKES[other].twins[slug] = experiment
