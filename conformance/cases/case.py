"""A case: a question to a port, and what a right answer to it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from golden.budgets import Precision
from golden.numbers import Array
from golden.spread import Spread
from ports_adapter.messages import InitializeResult, Message
from reference.profiles import MICROGPT

from .levels import Level
from .stream import StreamJudge


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


Params = Message | dict[str, Any]
"""A question's parameters: a message, or for the protocol's own cases whatever is to be sent."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question with a stable name.

    `question` gives the parameters and `answer` what is right, in view of what the port
    offers, both only when the case is run. It is about the program `profile`, if need be with
    another `activation`. With `other_sizes` the model is not the profile's own, so only a port
    that accepts other sizes is asked; with `full_record` only one that can record every step in
    full. With a `stream` the steps and the answer after them are judged by that alone, while they
    arrive. `spread` says where the budgets come from, if exact values and replicas are known.
    """

    slug: str
    about: str
    method: str
    question: Callable[[InitializeResult], Params]
    answer: Callable[[InitializeResult], Answer | Refusal]
    profile: str = MICROGPT.name
    activation: str = ""
    other_sizes: bool = False
    full_record: bool = False
    stream: Callable[[InitializeResult], StreamJudge] | None = None
    spread: Callable[[Precision], Spread] | None = None

    @classmethod
    def fixed(
        cls,
        slug: str,
        about: str,
        method: str,
        params: Params,
        answer: Callable[[Precision], Answer | Refusal],
    ) -> Case:
        """A case that asks every port the same."""
        return cls(slug, about, method, lambda _: params, lambda offer: answer(offer.precision))

    @property
    def level(self) -> Level:
        """The level that the slug begins with."""
        return Level(self.slug.partition("/")[0])
