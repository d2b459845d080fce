"""A target: something that reads what comes from outside, and what must hold whatever comes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

LONG = 1000
"""Digits: Python makes an integer of 4300 at most."""


class Ending(Enum):
    """How an input ended where nothing is wrong: it was taken, or refused in words."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class Wrong(Exception):
    """What must hold does not."""


class TooSlow(BaseException):
    """An input took longer than its target allows; no `except Exception` stops it."""


Feed = Callable[[int, bytes], Ending]


@dataclass(frozen=True, slots=True)
class Target:
    """What is fed to what.

    An input is a byte that chooses among `choices`, and a payload: `feed` takes both, and raises
    only if something is wrong. `seeds` are inputs made of real material, at run time. An input may
    take so many `seconds`; of a run's inputs the target gets its `share`.
    """

    name: str
    about: str
    feed: Feed
    seeds: Callable[[], Sequence[bytes]]
    choices: int = 1
    seconds: float = 5.0
    share: int = 1

    def ending(self, content: bytes) -> Ending:
        return self.feed(content[0] % self.choices if content else 0, content[1:])


def claim(holds: object, otherwise: str) -> None:
    """What must hold.

    Raises:
        Wrong: it does not.
    """
    if not holds:
        raise Wrong(otherwise)


def otherwise_decoded(line: bytes) -> Any:
    """JSON by another decoder than the suite's.

    What is not UTF-8 is ignored with the fields that it stands in, and so are numbers without end.
    """
    return json.loads(line.decode(errors="replace"), parse_int=_whole)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < LONG else float(digits)


def claim_printable(text: str, what: str) -> None:
    """Text that reaches a terminal has no control characters, and an end."""
    claim(text.isprintable(), f"{what} has raw control characters: {text!a:.300}")
    claim(len(text) < 20_000, f"{what} has {len(text)} characters")


def refused(error: Exception) -> Ending:
    """The end of an input that was refused in words."""
    claim_printable(str(error), "the error")
    return Ending.REFUSED


def strings_in(content: Any) -> list[str]:
    found: list[str] = []
    left = [content]
    while left:
        match left.pop():
            case str() as text:
                found.append(text)
            case list() as items:
                left += items
            case dict() as members:
                left += [*members, *members.values()]
    return found
