"""What comparing a port's answer with the right one comes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Divergence:
    """One part of an answer that is not right.

    `pointer` names the worst element, or the part itself where its structure is wrong;
    `ratio` is how far off in budgets, infinite where no number can say. `wrong` of `values`
    elements are outside of their budget, the first of them at `first`.
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
    """All there is to say of an answer: what is wrong, in order, and how near the rest is.

    `worst` is the largest error of any number in budgets, at `worst_at`; `identical` of
    `values` numbers equal the expected ones bit for bit, the others within `ulps`. `extent`
    says in words how much more is wrong than the divergences tell.
    """

    divergences: tuple[Divergence, ...]
    worst: float
    worst_at: str
    values: int
    identical: int
    ulps: float
    extent: str = ""
