"""Level `train`, recorded in full: every step judged while it arrives."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from msgspec import structs

from ports_adapter.messages import InitializeResult
from reference.training import train

from ..case import Case
from ..stream import StreamJudge
from ..trajectory import ReferenceOracle, TrajectoryJudge, model_order
from .situations import Situations
from .training import train_question

STEPS = 6
DOCUMENTS = 4


def trajectory_cases(situations: Situations) -> list[Case]:
    """A training that a port records in full."""
    trace, state = situations.trace, situations.warm_state
    documents = [step.tokens for step in trace.steps[:DOCUMENTS]]
    question = train_question(trace, state, documents, STEPS)
    question = structs.replace(question, record="full")

    def judge(offer: InitializeResult) -> StreamJudge:
        oracle = ReferenceOracle(trace.config, model_order(question))
        steps = islice(train(state, documents, trace.config), STEPS)
        losses = [step.evaluation.loss for step in steps]
        return TrajectoryJudge(question, oracle, offer.precision, losses)

    about = "records every step in full, each right by the state before it"
    case = Case.fixed("train/recorded-in-full", about, "train", question, lambda _precision: {})
    return [replace(case, full_record=True, stream=judge)]
