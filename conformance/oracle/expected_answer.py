"""What a right answer is, part by part with its budget, in the order of computation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conformance.anatomy.computation_order import backward_order, forward_order
from conformance.anatomy.small_functions import Function
from conformance.oracle.answer import Answer, Exact, Numbers
from golden.budgets import (
    UNIT_ROUNDOFF,
    Precision,
    learning_rate_budget,
    update_budgets,
)
from golden.derived import Budgets
from reference.config import Config
from reference.evaluation import Evaluation
from reference.model import Weights
from reference.state import State
from reference.training import data, grads


def function_answer(function: Function, precision: Precision) -> Answer:
    """The value, named so in the answer, and the gradients of a small function."""
    graph, budgets = function.graph(), function.budgets(precision)
    graph.root.backward()
    right = {f"/{function.output}": data(graph.output)}
    right |= {f"/grads/{n}" if n else "/grads": grads(nodes) for n, nodes in graph.leaves.items()}
    return {pointer: Numbers(value, budgets[pointer]) for pointer, value in right.items()}


def forward_answer(
    evaluation: Evaluation, config: Config, budgets: Budgets, *, intermediates: bool
) -> Answer:
    """Logits, and the intermediates before them when they were asked for."""
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
    """Losses, then gradients from the logits back to the embeddings.

    Rows of the embeddings that the document does not use have a gradient of exactly 0, but for
    those that are the output projection, too.
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
    """The learning rate, then moments and weights, each judged from the injected inputs."""
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
    """The `step` notifications of steps that begin with the 0-based `first`.

    `budgets` are those of the losses, one a step.
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
    """The moments and weights after a training's last step, matrices by name."""
    return {
        f"/{part}/{name}": Numbers(tensor, budgets[f"/{part}/{name}"])
        for part in ("m", "v", "weights")
        for name, tensor in getattr(state, part).items()
    }


def exactly(**parts: Any) -> Answer:
    """An answer without room for rounding."""
    return {f"/{name}": Exact(value) for name, value in parts.items()}


def gauss_budget(mean: float, std: float, precision: Precision) -> float:
    """The budget of a normal draw: of magnitude `std * sqrt(-2 log(2**-53))` at most."""
    return 64 * UNIT_ROUNDOFF[precision] * (abs(mean) + 8.6 * std)
