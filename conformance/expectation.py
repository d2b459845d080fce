"""What a right answer is, part by part with its budget, in the order of computation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from golden.budgets import (
    UNIT_ROUNDOFF,
    Precision,
    adam_budget_of,
    learning_rate_budget,
    tensor_budget,
)
from golden.numbers import as_array
from reference.adam import State
from reference.config import Config
from reference.model import Weights
from reference.training import Evaluation, Step, data, grads

from .case import Answer, Exact, Numbers
from .conditioning import attention_magnitudes, widening, widening_of
from .dataflow import backward_order, forward_order
from .graphs import Graph, magnitudes
from .propagation import loss_budgets, state_budgets
from .quantity import flat


def of_graph(graph: Graph, output: str, precision: Precision, exponent: float = 0.0) -> Answer:
    """The output, named so in the answer, and the gradients of a small graph.

    Runs the graph's backward pass. `exponent` is the largest argument that `exp` may be
    given, where that is known.
    """
    values, gradients = magnitudes(graph)
    wide = widening_of(exponent)
    gradients = {node: wide * magnitude for node, magnitude in gradients.items()}
    graph.root.backward()
    answer: Answer = {f"/{output}": _numbers(data(graph.output), values, graph.output, precision)}
    for name, nodes in graph.leaves.items():
        pointer = f"/grads/{name}" if name else "/grads"
        answer[pointer] = _numbers(grads(nodes), gradients, nodes, precision)
    return answer


def _numbers(
    value: Any, magnitude: Mapping[Any, float], nodes: Any, precision: Precision
) -> Numbers:
    largest = max(magnitude.get(node, 0.0) for node in _scalars(nodes))
    return Numbers(value, tensor_budget(flat(value), precision, largest))


def _scalars(nodes: Any) -> list[Any]:
    if isinstance(nodes, list):
        return [scalar for part in nodes for scalar in _scalars(part)]
    return [nodes]


def of_forward(
    evaluation: Evaluation, config: Config, precision: Precision, *, intermediates: bool
) -> Answer:
    """Logits, and the intermediates before them when they were asked for."""
    wide = widening(evaluation, config)
    answer: Answer = {}
    if intermediates:
        for name in forward_order(config.n_layer):
            seen = evaluation.intermediates[name]
            answer[f"/intermediates/{name}"] = _tensor(seen, precision, wide)
    answer["/logits"] = _tensor(evaluation.logits, precision, wide)
    return answer


def of_backward(
    evaluation: Evaluation,
    tokens: Sequence[int],
    config: Config,
    precision: Precision,
    *,
    intermediates: bool,
) -> Answer:
    """Losses, then gradients from the logits back to the embeddings.

    Rows of the embeddings that the document does not use have a gradient of exactly 0.
    """
    wide, terms = widening(evaluation, config), attention_magnitudes(evaluation, config)
    answer: Answer = {
        "/losses": _tensor(evaluation.losses, precision, wide),
        "/loss": _tensor(evaluation.loss, precision, wide),
    }
    n = len(evaluation.losses)
    used = {"wte": set(tokens[:n]), "wpe": set(range(n))}
    for node, weights in backward_order(config.n_layer):
        if intermediates:
            gradient = evaluation.intermediate_grads[node]
            part = _tensor(gradient, precision, wide, terms.get(node, 0.0))
            answer[f"/intermediate_grads/{node}"] = part
        for name in weights:
            gradient = evaluation.grads[name]
            largest = wide * tensor_budget(gradient, precision, terms.get(name, 0.0))
            budget = np.full(as_array(gradient).shape, largest)
            if name in used:
                budget[[row for row in range(len(budget)) if row not in used[name]]] = 0
            answer[f"/grads/{name}"] = Numbers(gradient, budget)
    return answer


def of_adam(
    state: State, gradients: Weights, updated: State, config: Config, precision: Precision
) -> Answer:
    """The learning rate, then moments and weights, each judged from the injected inputs."""
    rate = config.learning_rate_at(state.step)
    answer: Answer = {"/learning_rate": Numbers(rate, learning_rate_budget(config, precision))}
    budgets = {
        name: adam_budget_of(state, gradients, name, config, precision) for name in gradients
    }
    for part in ("m", "v", "weights"):
        for name, budget in budgets.items():
            answer[f"/{part}/{name}"] = Numbers(getattr(updated, part)[name], getattr(budget, part))
    return answer


def of_losses(
    losses: Sequence[float],
    rates: Sequence[float],
    first: int,
    config: Config,
    precision: Precision,
) -> Answer:
    """The `step` notifications of steps that begin with the 0-based `first`."""
    answer: Answer = {}
    steps = zip(losses, loss_budgets(losses, precision), rates, strict=True)
    for index, (loss, budget, rate) in enumerate(steps):
        answer[f"/steps/{index}/step"] = Exact(first + index)
        rate_budget = learning_rate_budget(config, precision)
        answer[f"/steps/{index}/learning_rate"] = Numbers(rate, rate_budget)
        answer[f"/steps/{index}/loss"] = Numbers(loss, budget)
    return answer


def of_training(
    steps: Sequence[Step], start: State, config: Config, precision: Precision
) -> Answer:
    """Losses step by step, then the state after the last one."""
    losses = [step.evaluation.loss for step in steps]
    rates = [step.learning_rate for step in steps]
    answer = of_losses(losses, rates, start.step, config, precision)
    budgets = state_budgets(steps, start, config, precision)
    for part in ("m", "v", "weights"):
        for name, tensor in getattr(steps[-1].state, part).items():
            answer[f"/{part}/{name}"] = Numbers(tensor, getattr(budgets[name], part))
    return answer


def _tensor(value: Any, precision: Precision, wide: float = 1.0, terms: float = 0.0) -> Numbers:
    return Numbers(value, wide * tensor_budget(flat(value), precision, terms))


def exactly(**parts: Any) -> Answer:
    """An answer without room for rounding."""
    return {f"/{name}": Exact(value) for name, value in parts.items()}


def gauss_budget(mean: float, std: float, precision: Precision) -> float:
    """The budget of a normal draw: of magnitude `std * sqrt(-2 log(2**-53))` at most."""
    return 64 * UNIT_ROUNDOFF[precision] * (abs(mean) + 8.6 * std)
