"""Levels `forward` and `backward`: the whole model before one document."""

from __future__ import annotations

from conformance.oracle.answer import Answer
from conformance.oracle.expected_answer import backward_answer, forward_answer
from ports_adapter.messages import InitializeResult

from ..case import Case, Params
from ..situation import Situation
from ..situations import Situations


def forward_cases(situations: Situations) -> list[Case]:
    """Logits in every situation."""
    return [forward_case(situation) for situation in situations.all]


def backward_cases(situations: Situations) -> list[Case]:
    """Loss and gradients in every situation."""
    return [backward_case(situation) for situation in situations.all]


def forward_case(situation: Situation) -> Case:
    """Logits in one situation."""

    def answer(offer: InitializeResult) -> Answer:
        return forward_answer(
            situation.evaluation,
            situation.config,
            situation.budgets,
            intermediates=offer.intermediates,
        )

    return Case(
        f"forward/{situation.name}",
        f"gives the logits of {situation.about}",
        "forward",
        lambda offer: situation.params(intermediates=offer.intermediates),
        answer,
        other_sizes=situation.other_sizes,
        spread=lambda _precision: situation.spread,
    )


def backward_case(situation: Situation) -> Case:
    """Loss and gradients in one situation."""

    def question(offer: InitializeResult) -> Params:
        return situation.params(intermediates=offer.intermediates)

    def answer(offer: InitializeResult) -> Answer:
        return backward_answer(
            situation.evaluation,
            situation.tokens,
            situation.config,
            situation.budgets,
            intermediates=offer.intermediates,
        )

    return Case(
        f"backward/{situation.name}",
        f"gives the gradients of {situation.about}",
        "backward",
        question,
        answer,
        other_sizes=situation.other_sizes,
        spread=lambda _precision: situation.spread,
    )
