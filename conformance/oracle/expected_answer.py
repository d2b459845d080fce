"""Right answers to the protocol's methods, every part with its budget, in computation order."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conformance.anatomy.computation_order import backward_order, forward_order
from conformance.anatomy.small_functions import Function
from conformance.oracle.answer import Answer, Exact, Numbers
from golden.budgets import UNIT_ROUNDOFF, Precision, learning_rate_budget, update_budgets
from golden.derived import Budgets
from reference.config import Config
from reference.evaluation import Evaluation
from reference.model import Weights
from reference.state import State
from reference.training import data, grads


def function_answer(function: Function, precision: Precision) -> Answer:
    """The value and the gradients of a small function."""
    graph, budgets = function.graph(), function.budgets(precision)
    graph.root.backward()
    right = {f"/{function.output}": data(graph.output)}
    right |= {f"/grads/{n}" if n else "/grads": grads(nodes) for n, nodes in graph.leaves.items()}
    return {pointer: Numbers(value, budgets[pointer]) for pointer, value in right.items()}


def forward_answer(
    evaluation: Evaluation, config: Config, budgets: Budgets, *, intermediates: bool
) -> Answer:
    """The logits, after the intermediates if the question asks for them."""
    answer: Answer = {}
    if intermediates:
        for name in forward_order(config):
            pointer = f"/intermediates/{name}"
            answer[pointer] = Numbers(evaluation.intermediates[name], budgets[pointer])
    answer["/logits"] = Numbers(evaluation.logits, budgets["/logits"])
    return answer


def backward_answer(
    evaluation: Evaluation,
    tokens: Sequence[int],
    config: Config,
    budgets: Budgets,
    *,
    intermediates: bool,
) -> Answer:
    """The losses, then the gradients from the logits back to the embeddings.

    Rows of an embedding that the document does not use have a gradient of exactly 0, unless the
    output projection is tied to that embedding.
    """
    answer: Answer = {
        "/losses": Numbers(evaluation.losses, budgets["/losses"]),
        "/loss": Numbers(evaluation.loss, budgets["/loss"]),
    }
    n = len(evaluation.losses)
    used = {"wpe": set(range(n))} | ({} if config.tied else {"wte": set(tokens[:n])})
    for node, weights in backward_order(config):
        if intermediates:
            pointer = f"/intermediate_grads/{node}"
            answer[pointer] = Numbers(evaluation.intermediate_grads[node], budgets[pointer])
        for name in weights:
            gradient = evaluation.grads[name]
            budget = budgets[f"/grads/{name}"].reshape(np.shape(gradient)).copy()
            if name in used:
                budget[[row for row in range(len(budget)) if row not in used[name]]] = 0
            answer[f"/grads/{name}"] = Numbers(gradient, budget)
    return answer


def update_answer(
    state: State, gradients: Weights, updated: State, config: Config, precision: Precision
) -> Answer:
    """The learning rate, then moments and weights after an update from given gradients."""
    rate = config.learning_rate_at(state.step)
    answer: Answer = {"/learning_rate": Numbers(rate, learning_rate_budget(config, precision))}
    for pointer, budget in update_budgets(state, gradients, config, precision).items():
        _, part, name = pointer.split("/")
        answer[pointer] = Numbers(getattr(updated, part)[name], budget)
    return answer


def losses_answer(
    losses: Sequence[float],
    rates: Sequence[float],
    first: int,
    config: Config,
    budgets: Any,
    precision: Precision,
) -> Answer:
    """The `step` notifications of consecutive steps.

    Args:
        losses: the loss of each step.
        rates: the learning rate of each step.
        first: the 0-based number of the first step.
        config: the program's configuration.
        budgets: the budget of each loss.
        precision: the precision of the port.
    """
    answer: Answer = {}
    rate_budget = learning_rate_budget(config, precision)
    for index, (loss, budget, rate) in enumerate(zip(losses, budgets, rates, strict=True)):
        answer[f"/steps/{index}/step"] = Exact(first + index)
        if config.optimizer != "counting":
            answer[f"/steps/{index}/learning_rate"] = Numbers(rate, rate_budget)
        answer[f"/steps/{index}/loss"] = Numbers(loss, float(budget))
    return answer


def state_answer(state: Any, budgets: Mapping[str, Any]) -> Answer:
    """The moments and weights after the last step of training."""
    return {
        f"/{part}/{name}": Numbers(tensor, budgets[f"/{part}/{name}"])
        for part in ("m", "v", "weights")
        for name, tensor in getattr(state, part).items()
    }


def exactly(**parts: Any) -> Answer:
    """An answer all of whose parts must be equal."""
    return {f"/{name}": Exact(value) for name, value in parts.items()}


def gauss_budget(mean: float, std: float, precision: Precision) -> float:
    """The budget of a normal draw, whose magnitude is at most `std * sqrt(-2 log(2**-53))`."""
    return 64 * UNIT_ROUNDOFF[precision] * (abs(mean) + 8.6 * std)
