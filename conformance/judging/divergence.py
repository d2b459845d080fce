"""The result of comparing a port's answer with the right one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Divergence:
    """One wrong part of an answer.

    Attributes:
        part: the JSON Pointer of the part.
        pointer: that of its worst element, or of the part itself if its structure is wrong.
        expected: the right value there, as text.
        got: the port's value, as text.
        ratio: the error in budgets; infinite if the values cannot be subtracted.
        wrong: how many of the part's `values` are outside their budget.
        first: the JSON Pointer of the first such value.
    """

    part: str
    pointer: str
    expected: str
    got: str
    ratio: float
    wrong: int = 1
    values: int = 1
    first: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is wrong with an answer, in the order of computation, and how near its numbers are.

    Attributes:
        divergences: the wrong parts.
        worst: the largest error of any number, in budgets; its JSON Pointer is `worst_at`.
        values: how many numbers were compared.
        identical: how many of them equal the expected ones bit for bit.
        ulps: the largest distance of the others, in units in the last place.
        extent: in words, how much is wrong in all, if the divergences do not show it.
    """

    divergences: tuple[Divergence, ...]
    worst: float
    worst_at: str
    values: int
    identical: int
    ulps: float
    extent: str = ""
