"""Mistakes in reimplementing CPython's random number generator."""

import math
import random
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from conformance.anatomy.levels import Level

from ..mistake import Patch, mistake_at
from ..patch_of_function import around, given_to, in_place_of

mistake = mistake_at(Level.RANDOM)

Random = random.Random


@mistake(
    "The generator is seeded by a number, not by an array",
    what="The seed goes to `init_genrand(seed)` instead of `init_by_array([seed])`, so the whole "
    "stream differs.",
    why="A number is the Mersenne Twister's usual seed, but CPython always seeds with an array; "
    "here it has one element.",
    mend="Seed with `init_by_array([seed])`.",
    languages=("C++ mt19937", "NumPy RandomState", "R", "PHP", "Julia"),
)
@around("Random.seed")
def seeded_by_one_number(
    original: Callable[..., None], self: Random, a: Any = None, version: int = 2
) -> None:
    original(self, a, version)
    if isinstance(a, int):
        words = [a & 0xFFFFFFFF]
        for i in range(1, 624):
            words.append((1812433253 * (words[-1] ^ (words[-1] >> 30)) + i) & 0xFFFFFFFF)
        self.setstate((3, (*words, 624), None))


@mistake(
    "Uniform numbers have 32 bits",
    what="Each uniform number uses one word of the generator instead of two.",
    why="One word divided by 2**32 is a uniform number too.",
    mend="Take two words a and b: ((a >> 5) * 2**26 + (b >> 6)) / 2**53.",
    languages=("C", "C++", "JavaScript", "Go", "any"),
)
def uniforms_of_32_bits() -> Patch:
    return {"Random.random": lambda self: self.getrandbits(32) / 2**32}


@mistake(
    "The two words of a uniform number are swapped",
    what="The first word gives the lower bits and the second the upper bits.",
    why="In some languages, two calls in one expression may run in either order.",
    mend="Call the generator in two statements; the first word gives the upper bits.",
    languages=("C", "C++", "any"),
)
@in_place_of("Random.random")
def words_swapped(self: Random) -> float:
    b, a = self.getrandbits(32) >> 6, self.getrandbits(32) >> 5
    return (a * 67108864 + b) / 9007199254740992


@mistake(
    "Uniform numbers are divided by 2**53 - 1",
    what="Numbers are too large by a relative 1e-16, and the largest is 1.",
    why="The largest possible integer was used as the divisor.",
    mend="Divide by 2**53, which keeps every number below 1.",
    languages=("C", "JavaScript", "any"),
    only_in_double=True,
)
def uniforms_up_to_1() -> Patch:
    return {"Random.random": lambda self: self.getrandbits(53) / (2**53 - 1)}


@mistake(
    "The second normal number is discarded",
    what="Every normal number uses two uniform numbers; the sine is never used.",
    why="Box-Muller gives two numbers, and returning only one is simpler.",
    mend="Keep the second number and return it at the next call.",
)
@around("Random.gauss")
def gauss_cache_dropped(
    original: Callable[..., float], self: Random, mu: float = 0.0, sigma: float = 1.0
) -> float:
    self.__dict__["gauss_next"] = None
    return original(self, mu, sigma)


def _gauss(pair: Callable[[Callable[[], float]], tuple[float, float]]) -> Patch:
    """Normal numbers in pairs, made from uniform numbers; the second one is kept."""

    def gauss(self: Random, mu: float = 0.0, sigma: float = 1.0) -> float:
        z, self.gauss_next = getattr(self, "gauss_next", None), None  # type: ignore[attr-defined]
        if z is None:
            z, self.gauss_next = pair(self.random)  # type: ignore[attr-defined]
        return mu + float(z) * sigma

    return {"Random.gauss": gauss}


@mistake(
    "Normal numbers return the sine first",
    what="The two numbers of each pair are swapped.",
    why="Descriptions of Box-Muller use either order.",
    mend="Return the cosine first and keep the sine for the next call.",
)
@given_to(_gauss)
def gauss_sine_first(uniform: Callable[[], float]) -> tuple[float, float]:
    angle = uniform() * math.tau
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform()))
    return math.sin(angle) * radius, math.cos(angle) * radius


@mistake(
    "Normal numbers draw the radius before the angle",
    what="The first uniform number gives the radius and the second the angle.",
    why="Descriptions of Box-Muller use this order.",
    mend="Draw the angle first, random() * 2 * pi, then the radius.",
)
@given_to(_gauss)
def gauss_radius_first(uniform: Callable[[], float]) -> tuple[float, float]:
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform()))
    angle = uniform() * math.tau
    return math.cos(angle) * radius, math.sin(angle) * radius


@mistake(
    "Normal numbers use log(u), not log(1 - u)",
    what="The radius is sqrt(-2 * log(u)) instead of sqrt(-2 * log(1 - u)).",
    why="u and 1 - u have the same distribution.",
    mend="Use log(1 - random()), which is also defined for 0.",
)
@given_to(_gauss)
def gauss_log_of_u(uniform: Callable[[], float]) -> tuple[float, float]:
    angle = uniform() * math.tau
    radius = math.sqrt(-2.0 * math.log(uniform() or 5e-324))
    return math.cos(angle) * radius, math.sin(angle) * radius


@mistake(
    "Normal numbers use the polar method",
    what="Pairs of uniform numbers outside the unit circle are rejected, which uses other uniform "
    "numbers.",
    why="Java and other libraries use this method.",
    mend="Use Box-Muller with sine and cosine, like `random.gauss`.",
    languages=("Java", "C++ normal_distribution", "NumPy RandomState", "Lua"),
)
@given_to(_gauss)
def gauss_by_the_polar_method(uniform: Callable[[], float]) -> tuple[float, float]:
    while True:
        x, y = 2 * uniform() - 1, 2 * uniform() - 1
        if 0 < (square := x * x + y * y) < 1:
            factor = math.sqrt(-2 * math.log(square) / square)
            return x * factor, y * factor


@mistake(
    "Normal numbers come from `normalvariate`",
    what="The numbers come from another method, which uses a different number of uniform numbers.",
    why="CPython's module has two functions for normal numbers.",
    mend="Use the method of `random.gauss`.",
    languages=("Python", "any"),
)
def gauss_by_normalvariate() -> Patch:
    return {"Random.gauss": lambda self, mu=0.0, sigma=1.0: self.normalvariate(mu, sigma)}


def _choices(index: Callable[[Random, list[float]], int]) -> Patch:
    """Weighted choices by another way to find an index in the running sums of the weights."""

    def choices(
        self: Random, population: Sequence[Any], weights: Sequence[float], *, k: int = 1
    ) -> list[Any]:
        cumulative = list(accumulate(weights))
        return [population[min(index(self, cumulative), len(cumulative) - 1)] for _ in range(k)]

    return {"Random.choices": choices}


def _first_above(cumulative: list[float], at: float) -> int:
    return next((i for i, end in enumerate(cumulative) if at < end), len(cumulative))


@mistake(
    "Weights are assumed to sum to 1",
    what="random() is compared with the running sums without being multiplied by the total of the "
    "weights.",
    why="Probabilities sum to 1, though never exactly.",
    mend="Compare the running sums with random() * total.",
)
def choices_total_taken_for_1() -> Patch:
    return _choices(lambda generator, cumulative: _first_above(cumulative, generator.random()))


@mistake(
    "Each choice draws two uniform numbers",
    what="Each choice uses one uniform number too many.",
    why="A number is drawn once before a loop or condition, and once inside it.",
    mend="Draw one uniform number per choice.",
)
@given_to(_choices)
def choices_draw_twice(generator: Random, cumulative: list[float]) -> int:
    generator.random()
    return _first_above(cumulative, generator.random() * cumulative[-1])


@mistake(
    "Choices walk the weights from the end",
    what="The last element gets the lowest part of the unit interval.",
    why="The loop runs backwards, or it subtracts from the total.",
    mend="Add up the weights from the first, and choose the first running sum above the number.",
)
@given_to(_choices)
def choices_from_the_end(generator: Random, cumulative: list[float]) -> int:
    at = cumulative[-1] * (1 - generator.random())
    return _first_above(cumulative, at)
