"""What a golden trace holds, as the reference's own values."""

from __future__ import annotations

from golden.trace import FullStep, Trace, TracedStep, floats, state_before
from reference.evaluation import Evaluation
from reference.state import State
from reference.training import Step


def recorded_evaluation(step: TracedStep, full: FullStep) -> Evaluation:
    """A step's evaluation, without the intermediates, which a trace does not hold."""
    return Evaluation(
        logits=floats({"": full.logits})[""],
        losses=[float(loss) for loss in full.losses],
        loss=float(step.loss),
        grads=floats(full.grads),
        intermediates={},
        intermediate_grads={},
    )


def recorded_state(trace: Trace, step: int) -> State:
    """The state before a 0-based step.

    Raises:
        LookupError: the trace does not hold it.
    """
    state = state_before(trace, step)
    if state is None:
        raise LookupError(f"the trace does not hold the state before step {step}")
    return state


def recorded_steps(trace: Trace, first: int, count: int) -> list[Step]:
    """Consecutive steps, from the 0-based `first`.

    Raises:
        LookupError: the trace does not hold them in full.
    """
    steps = []
    for traced in trace.steps[first : first + count]:
        full = traced.full()
        if full is None:
            raise LookupError(f"the trace does not hold step {traced.step} in full")
        state = State(traced.step + 1, floats(full.weights), floats(full.m), floats(full.v))
        evaluation = recorded_evaluation(traced, full)
        steps.append(Step(traced.step, traced.tokens, traced.learning_rate, evaluation, state))
    return steps
