"""Mistakes in how CPython shuffles."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from conformance.anatomy.levels import Level

from ..mistake import Patch, mistake

Random = random.Random


def _shuffle(partner: Callable[[Random, int], int]) -> Patch:
    """A shuffle from the end, where the i-th element is swapped with another one's."""

    def shuffle(self: Random, x: list[Any]) -> None:
        for i in reversed(range(1, len(x))):
            j = partner(self, i)
            x[i], x[j] = x[j], x[i]

    return {"Random.shuffle": shuffle}


def _bits(generator: Random, k: int) -> int:
    return generator.getrandbits(k) if k else 0


@mistake(
    "The shuffle starts from the beginning",
    what="Each element is swapped with one behind it, in place of one before it.",
    why="Both directions are well known, and both are right by themselves.",
    mend="Walk i from the last element down to 1; swap with one of the first i + 1.",
    level=Level.RANDOM,
    languages=("any",),
)
def shuffle_from_the_beginning() -> Patch:
    def shuffle(self: Random, x: list[Any]) -> None:
        for i in range(len(x) - 1):
            j = i + self._randbelow(len(x) - i)  # type: ignore[attr-defined]
            x[i], x[j] = x[j], x[i]

    return {"Random.shuffle": shuffle}


@mistake(
    "The shuffle multiplies a uniform number",
    what="The other element is the one of number int(random() * (i + 1)).",
    why="It is how numbers below n are usually drawn, and how CPython did in version 2.",
    mend="Draw i + 1's number of bits until they are below i + 1.",
    level=Level.RANDOM,
    languages=("JavaScript", "C", "any"),
)
def shuffle_by_multiplying() -> Patch:
    return _shuffle(lambda generator, i: int(generator.random() * (i + 1)))


@mistake(
    "The shuffle takes a remainder",
    what="The other element is the one of number word % (i + 1).",
    why="It is how numbers below n are usually drawn in C.",
    mend="Draw i + 1's number of bits until they are below i + 1.",
    level=Level.RANDOM,
    languages=("C", "C++", "Rust", "Go"),
)
def shuffle_by_remainders() -> Patch:
    return _shuffle(lambda generator, i: generator.getrandbits(32) % (i + 1))


@mistake(
    "The shuffle draws one bit too few for powers of two",
    what="For 2**k elements k bits are drawn; CPython draws k + 1 and rejects more often.",
    why="Numbers below 2**k have k bits.",
    mend="Draw as many bits as i + 1 itself has, and reject what is not below it.",
    level=Level.RANDOM,
    languages=("any",),
)
def shuffle_bits_of_the_largest() -> Patch:
    def partner(generator: Random, i: int) -> int:
        k = i.bit_length()
        while (j := _bits(generator, k)) > i:
            pass
        return j

    return _shuffle(partner)


@mistake(
    "The shuffle takes the lower bits of a word",
    what="Numbers below n are made of a word's lower bits; CPython takes its upper ones.",
    why="A mask is the usual way to take bits.",
    mend="Shift the word right by 32 - k for k bits.",
    level=Level.RANDOM,
    languages=("C", "C++", "Rust", "Go", "any"),
)
def shuffle_by_lower_bits() -> Patch:
    def partner(generator: Random, i: int) -> int:
        mask = (1 << (i + 1).bit_length()) - 1
        while (j := generator.getrandbits(32) & mask) > i:
            pass
        return j

    return _shuffle(partner)


@mistake(
    "The shuffle swaps any two elements",
    what="Each element is swapped with any of the list.",
    why="It looks as random as the right one, but is not even.",
    mend="Walk i from the last element down to 1; swap with one of the first i + 1.",
    level=Level.RANDOM,
    languages=("any",),
)
def shuffle_with_any() -> Patch:
    def shuffle(self: Random, x: list[Any]) -> None:
        for i in range(len(x)):
            j = self._randbelow(len(x))  # type: ignore[attr-defined]
            x[i], x[j] = x[j], x[i]

    return {"Random.shuffle": shuffle}
