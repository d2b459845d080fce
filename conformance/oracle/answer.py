"""A right answer: what each of its parts must be, exactly or within a budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from golden.numbers import Array


@dataclass(frozen=True, slots=True)
class Exact:
    """A part of an answer that leaves no room: tokens, counts, strings."""

    value: Any


@dataclass(frozen=True, slots=True)
class Numbers:
    """A part of an answer that is computed: a number, or a tensor as nested lists.

    `budget` is how far each element may be off, absolutely: one for all, or an array of
    the same shape. Where it is 0 the element is exact.

    Raises:
        ValueError: a budget is negative or not finite, so that it could not fail anything.
    """

    value: Any
    budget: float | Array

    def __post_init__(self) -> None:
        if not (np.isfinite(self.budget).all() and np.min(self.budget, initial=0.0) >= 0):
            raise ValueError("a budget must be finite and not negative")


Expected = Exact | Numbers

Answer = dict[str, Expected]
"""What each part of an answer must be, by JSON Pointer, in the order of computation."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A question that must be answered with this JSON-RPC error."""

    code: int
