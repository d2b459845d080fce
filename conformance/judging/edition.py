"""Editions: which cases count, frozen and numbered, so that a new suite turns no old port red.

`editions.toml` lists the cases of every edition by level. A new case enters the edition after the
current one: it is asked and shown, and counts from then on.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "editions.toml"


@cache
def _content() -> tuple[int, dict[str, int]]:
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    since = {
        f"{level}/{name}": int(number)
        for number, levels in document["edition"].items()
        for level, names in levels.items()
        for name in names
    }
    return document["current"], since


def current_edition() -> int:
    """The edition that counts, unless a port's baseline names an older one."""
    return _content()[0]


def since(slug: str) -> int:
    """The edition from which a case counts; one that is in none waits for the next."""
    current, editions = _content()
    return editions.get(slug, current + 1)


def listed() -> dict[str, int]:
    """Every listed case, and the edition from which it counts."""
    return dict(_content()[1])
