"""A case: a question to a port, and what a right answer to it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from conformance.anatomy.levels import Level
from conformance.judging.stream_judge import StreamJudge
from conformance.oracle.answer import Answer, Refusal
from golden.budgets import Precision
from golden.spread import Spread
from ports_adapter.messages import InitializeResult, Message
from reference.profiles import MICROGPT

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

    def remembering(self) -> Case:
        """The case with each answer computed once: ports of a precision share it."""
        known: dict[tuple[Precision, bool], Answer | Refusal] = {}

        def answer(offer: InitializeResult) -> Answer | Refusal:
            key = offer.precision, offer.intermediates
            if key not in known:
                known[key] = self.answer(offer)
            return known[key]

        return replace(self, answer=answer)
