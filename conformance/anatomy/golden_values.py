"""Reads steps, states and evaluations out of a golden trace, as the reference's own types."""

from golden.trace import FullStep, Trace, TracedStep, floats, full_steps, state_before
from reference.evaluation import Evaluation
from reference.state import State
from reference.training import Step


def warm_step(trace: Trace) -> int:
    """The 0-based warm step: recorded in full with the state before it, late in training."""
    return max(step.step for step, _ in full_steps(trace)) - 1


def recorded_evaluation(step: TracedStep, full: FullStep) -> Evaluation:
    """A step's evaluation; its intermediates are empty, since a trace does not hold them."""
    return Evaluation(
        logits=floats({"": full.logits})[""],
        losses=[float(loss) for loss in full.losses],
        loss=float(step.loss),
        grads=floats(full.grads),
        intermediates={},
        intermediate_grads={},
    )


def recorded_state(trace: Trace, step: int) -> State:
    """The training state before a 0-based step.

    Raises:
        LookupError: the trace does not hold that state.
    """
    state = state_before(trace, step)
    if state is None:
        raise LookupError(f"the trace does not hold the state before step {step}")
    return state


def recorded_steps(trace: Trace, first: int, count: int) -> list[Step]:
    """`count` consecutive steps, from the 0-based step `first`.

    Raises:
        LookupError: the trace does not record one of them in full.
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
