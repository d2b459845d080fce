"""A case: a question to a port, together with the right answer to it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from conformance.anatomy.levels import Level
from conformance.judging.stream_judge import StreamJudge
from conformance.oracle.answer import Answer, Refusal
from golden.budgets import Precision
from golden.spread import Spread
from ports_adapter.messages import InitializeResult, Message
from reference.config import Config
from reference.profiles import MICROGPT

from . import answer_store

Params = Message | dict[str, Any]
"""The parameters of a question: a message, or any object for cases about the protocol."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question with a stable name; only ports that offer what it needs are asked.

    Attributes:
        slug: the name, `level/what-is-special`.
        about: what a right port does, as a sentence without a subject.
        method: the method of the protocol.
        question: gives the parameters, in view of the port's offer.
        answer: gives the right answer, also in view of the offer.
        profile: the program that the case is about.
        activation: the activation it needs in place of the profile's; usually empty.
        other_sizes: whether the model or the hyperparameters differ from the profile's.
        full_record: whether the port must record every step in full.
        stream: gives a judge of the answer and its steps, which replaces `answer`.
        spread: gives the exact values and the spread behind the budgets, if they are known.
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
    ) -> Self:
        """A case that asks every port the same question."""
        return cls(slug, about, method, lambda _: params, lambda offer: answer(offer.precision))

    @property
    def level(self) -> Level:
        """The level, with which the slug begins."""
        return Level(self.slug.partition("/")[0])

    def remembering(self, config: Config) -> Self:
        """The case with each answer derived once: runs share it, in this process and on disk.

        `config` is that of the judged program, on which budgets may depend.
        """
        known: dict[tuple[Precision, bool], Answer | Refusal] = {}

        def answer(offer: InitializeResult) -> Answer | Refusal:
            key = offer.precision, offer.intermediates
            if key not in known:
                known[key] = self._kept_answer(offer, config)
            return known[key]

        return replace(self, answer=answer)

    def _kept_answer(self, offer: InitializeResult, config: Config) -> Answer | Refusal:
        """The answer from disk; it is derived and kept there if there is none."""
        key = answer_store.key_of(
            self.slug,
            self.profile,
            config,
            self.question(offer),
            offer.precision,
            intermediates=offer.intermediates,
        )
        kept = answer_store.load(key)
        if kept is None:
            kept = self.answer(offer)
            answer_store.save(key, kept)
        return kept
