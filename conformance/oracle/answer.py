"""The types of a right answer, each part of which must match exactly or within a budget."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from golden.numbers import Array


@dataclass(frozen=True, slots=True)
class Exact:
    """A part of an answer that must be equal: tokens, counts, strings."""

    value: Any


@dataclass(frozen=True, slots=True)
class Numbers:
    """A computed part of an answer: a number, or a tensor as nested lists.

    `budget` is the largest absolute error allowed: one for all elements, or an array of their
    shape. An element with budget 0 must be equal.

    Raises:
        ValueError: a budget is negative or not finite; with such a budget nothing could fail.
    """

    value: Any
    budget: float | Array

    def __post_init__(self) -> None:
        if not (np.isfinite(self.budget).all() and np.min(self.budget, initial=0.0) >= 0):
            raise ValueError("a budget must be finite and not negative")


Expected = Exact | Numbers

Answer = dict[str, Expected]
"""The parts of a right answer by JSON Pointer, in the order of computation."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a question that a port must refuse: a JSON-RPC error with this code."""

    code: int
