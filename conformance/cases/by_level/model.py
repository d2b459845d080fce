"""Levels `forward` and `backward`: the whole model before one document."""

from conformance.oracle.answer import Answer
from conformance.oracle.expected_answer import backward_answer, forward_answer
from ports_adapter.messages import InitializeResult

from ..case import Case
from ..situation import Situation


def forward_case(situation: Situation) -> Case:
    """The logits in one situation."""
    return _case("forward", f"gives the logits of {situation.about}", situation)


def backward_case(situation: Situation) -> Case:
    """The losses and gradients in one situation."""
    return _case("backward", f"gives the gradients of {situation.about}", situation)


def _case(method: str, about: str, s: Situation) -> Case:
    def answer(offer: InitializeResult) -> Answer:
        shown = offer.intermediates
        if method == "forward":
            return forward_answer(s.evaluation, s.config, s.budgets, intermediates=shown)
        return backward_answer(s.evaluation, s.tokens, s.config, s.budgets, intermediates=shown)

    return Case(
        f"{method}/{s.name}",
        about,
        method,
        lambda offer: s.params(intermediates=offer.intermediates),
        answer,
        other_sizes=s.other_sizes,
        spread=lambda _precision: s.spread,
    )
