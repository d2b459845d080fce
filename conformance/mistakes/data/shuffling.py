"""Mistakes in reimplementing CPython's shuffle."""

import random
from collections.abc import Callable
from typing import Any

from conformance.anatomy.levels import Level

from ..mistake import Patch, mistake_at
from ..patch_of_function import given_to, in_place_of

mistake = mistake_at(Level.RANDOM)

Random = random.Random


def _shuffle(partner: Callable[[Random, int], int]) -> Patch:
    """A shuffle from the last element down, with another choice of the partner of element i."""

    def shuffle(self: Random, x: list[Any]) -> None:
        for i in reversed(range(1, len(x))):
            j = partner(self, i)
            x[i], x[j] = x[j], x[i]

    return {"Random.shuffle": shuffle}


def _bits(generator: Random, k: int) -> int:
    return generator.getrandbits(k) if k else 0


@mistake(
    "The shuffle starts from the beginning",
    what="Each element is swapped with one after it instead of one before it.",
    why="Both directions are well known, and both shuffle correctly.",
    mend="Walk i from the last element down to 1, and swap with one of the first i + 1 elements.",
)
@in_place_of("Random.shuffle")
def shuffle_from_the_beginning(self: Random, x: list[Any]) -> None:
    for i in range(len(x) - 1):
        j = i + self._randbelow(len(x) - i)  # type: ignore[attr-defined]
        x[i], x[j] = x[j], x[i]


@mistake(
    "The shuffle multiplies a uniform number",
    what="The partner of element i is int(random() * (i + 1)).",
    why="Numbers below n are usually drawn this way, and CPython 2 did so too.",
    mend="Draw as many bits as i + 1 has, and repeat until the number is below i + 1.",
    languages=("JavaScript", "C", "any"),
)
def shuffle_by_multiplying() -> Patch:
    return _shuffle(lambda generator, i: int(generator.random() * (i + 1)))


@mistake(
    "The shuffle uses a remainder",
    what="The partner of element i is word % (i + 1).",
    why="Numbers below n are usually drawn this way in C.",
    mend="Draw as many bits as i + 1 has, and repeat until the number is below i + 1.",
    languages=("C", "C++", "Rust", "Go"),
)
def shuffle_by_remainders() -> Patch:
    return _shuffle(lambda generator, i: generator.getrandbits(32) % (i + 1))


@mistake(
    "The shuffle draws one bit too few for powers of two",
    what="To choose among 2**k elements, k bits are drawn; CPython draws k + 1 and rejects more "
    "often.",
    why="Numbers below 2**k have k bits.",
    mend="Draw as many bits as i + 1 has, and repeat until the number is below i + 1.",
)
@given_to(_shuffle)
def shuffle_bits_of_the_largest(generator: Random, i: int) -> int:
    k = i.bit_length()
    while (j := _bits(generator, k)) > i:
        pass
    return j


@mistake(
    "The shuffle uses the lower bits of a word",
    what="Random numbers are the lower bits of a word; CPython uses the upper bits.",
    why="A mask is the usual way to extract bits.",
    mend="For k bits, shift the 32-bit word right by 32 - k.",
    languages=("C", "C++", "Rust", "Go", "any"),
)
@given_to(_shuffle)
def shuffle_by_lower_bits(generator: Random, i: int) -> int:
    mask = (1 << (i + 1).bit_length()) - 1
    while (j := generator.getrandbits(32) & mask) > i:
        pass
    return j


@mistake(
    "The shuffle swaps with any element",
    what="Each element is swapped with any element of the list.",
    why="It looks as random as the right algorithm, but its results are not equally likely.",
    mend="Walk i from the last element down to 1, and swap with one of the first i + 1 elements.",
)
@in_place_of("Random.shuffle")
def shuffle_with_any(self: Random, x: list[Any]) -> None:
    for i in range(len(x)):
        j = self._randbelow(len(x))  # type: ignore[attr-defined]
        x[i], x[j] = x[j], x[i]
