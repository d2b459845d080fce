"""Editions: numbered, frozen lists of the cases that count, so a new suite fails no old port.

`editions.toml` lists the cases of every edition by level. A new case belongs to the edition after
the current one: until then it is asked and shown, but does not count.
"""

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
    """The edition whose cases count, unless a port's baseline names an older one."""
    return _content()[0]


def since(slug: str) -> int:
    """The edition from which a case counts; the next one for a case that no edition lists."""
    current, editions = _content()
    return editions.get(slug, current + 1)


def listed() -> dict[str, int]:
    """Every listed case, with the edition from which it counts."""
    return dict(_content()[1])
