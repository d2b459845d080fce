"""Computes the right answer, with budgets, to any question that shrinking may ask."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from conformance.anatomy.small_functions import function_of
from conformance.cases.situation import Situation, machine_of
from conformance.oracle.answer import Answer, Numbers
from conformance.oracle.expected_answer import (
    backward_answer,
    forward_answer,
    function_answer,
    losses_answer,
    state_answer,
    update_answer,
)
from conformance.oracle.reference_answer import config_of, state_of, vocab_size_of
from golden.budgets import TENSOR_FACTOR, UNIT_ROUNDOFF, Precision, tensor_budget
from golden.derived import run_budgets
from golden.trace import floats
from golden.trajectories import nearest_kink
from ports_adapter.messages import (
    AdamParams,
    EvaluateParams,
    Message,
    ModelParams,
    SgdParams,
    TrainParams,
)
from reference.adam import adam
from reference.sgd import sgd
from reference.tape.machine import FlatState
from reference.training import data, grads

from .expressions import Unfit, check_domain
from .simplest_numbers import numbers_in


@dataclass(frozen=True, slots=True)
class SmallAnswer:
    """The right answer to a question, with two kinds of budgets.

    `by_rule` has budgets from `golden.budgets.tensor_budget`, which are cheap. `derived` computes
    the answer with the budgets that the suite judges by, and raises `Unfit` if rounding decides
    the answer.
    """

    by_rule: Answer
    derived: Callable[[], Answer]


def right_answer(method: str, params: Message, precision: Precision) -> SmallAnswer:
    """The right answer to a question.

    Args:
        method: `evaluate`, a layer, `forward`, `backward`, `adam` or `train`.
        params: its parameters, in numbers of that precision.
        precision: what the port computes in.

    Raises:
        Unfit: the question has no finite answer, or rounding decides it.
    """
    try:
        with np.errstate(all="ignore"):
            right = _right(method, params, precision)
    except (ArithmeticError, ValueError, TypeError) as error:
        raise Unfit(str(error)) from None
    for part in right.by_rule.values():
        if isinstance(part, Numbers) and not np.isfinite(part.value).all():
            raise Unfit("the right answer is not finite")
    return right


def _right(method: str, params: Message, precision: Precision) -> SmallAnswer:
    match params:
        case ModelParams():
            return _of_model(method, params, precision)
        case AdamParams() | SgdParams():
            return _of_update(params, precision)
        case TrainParams():
            return _of_training(params, precision)
        case _:
            return _of_function(method, params, precision)


def _of_function(method: str, params: Message, precision: Precision) -> SmallAnswer:
    if isinstance(params, EvaluateParams):
        check_domain(params, TENSOR_FACTOR * UNIT_ROUNDOFF[precision])
    function = function_of(method, params)
    graph = function.graph()
    graph.root.backward()
    values = {f"/{function.output}": data(graph.output)}
    values |= {f"/grads/{n}" if n else "/grads": grads(nodes) for n, nodes in graph.leaves.items()}
    rule = _by_rule(values, precision, largest(function.numbers))
    return SmallAnswer(rule, _careful(lambda: function_answer(function, precision)))


def _of_model(method: str, params: ModelParams, precision: Precision) -> SmallAnswer:
    config = config_of(params)
    weights = floats(params.weights)
    situation = Situation("smallest", "", params.profile, config, weights, params.tokens, precision)
    if nearest_kink(situation.replay, precision) is not None:
        raise Unfit("a hidden unit is so close to 0 that rounding decides")
    seen = situation.evaluation

    def derived() -> Answer:
        if situation.spread.kinks:
            raise Unfit("rounding may change the sign of a hidden unit")
        shown, budgets = params.intermediates, situation.budgets
        if method == "forward":
            return forward_answer(seen, config, budgets, intermediates=shown)
        return backward_answer(seen, params.tokens, config, budgets, intermediates=shown)

    if method == "forward":
        values: dict[str, Any] = {"/logits": seen.logits}
        named, inside = seen.intermediates, "intermediates"
    else:
        values = {"/loss": seen.loss, "/losses": seen.losses}
        values |= {f"/grads/{name}": tensor for name, tensor in seen.grads.items()}
        named, inside = seen.intermediate_grads, "intermediate_grads"
    if params.intermediates:
        values |= {f"/{inside}/{name}": tensor for name, tensor in named.items()}
    return SmallAnswer(_by_rule(values, precision, largest(params.weights)), _careful(derived))


def _of_update(params: AdamParams | SgdParams, precision: Precision) -> SmallAnswer:
    state, gradients = state_of(params), floats(params.grads)
    config = config_of(params)
    after = (adam if isinstance(params, AdamParams) else sgd)(state, gradients, config)
    right = update_answer(state, gradients, after, config, precision)
    return SmallAnswer(right, lambda: right)


def _of_training(params: TrainParams, precision: Precision) -> SmallAnswer:
    config, state = config_of(params), FlatState.of(state_of(params))
    machine = machine_of(config, vocab_size_of(params.weights))
    count, first = len(params.documents), params.step
    documents = [params.documents[(first + k) % count] for k in range(params.steps)]
    steps = list(machine.follow(state, documents))
    if any(nearest_kink(step.replay, precision) for step in steps):
        raise Unfit("a hidden unit is so close to 0 that rounding decides")
    losses = [step.replay.loss for step in steps]
    rates = [step.learning_rate for step in steps]
    after = steps[-1].state.named(machine.shapes)

    def answer(budgets: Any) -> Answer:
        right = losses_answer(losses, rates, first, config, budgets["/losses"], precision)
        return right | state_answer(after, budgets)

    rule: dict[str, Any] = {
        f"/{part}/{name}": tensor_budget(tensor, precision, magnitude=1.0)
        for part in ("m", "v", "weights")
        for name, tensor in getattr(after, part).items()
    }
    rule["/losses"] = [tensor_budget(loss, precision) for loss in losses]
    return SmallAnswer(
        answer(rule), _careful(lambda: answer(run_budgets(machine, state, documents, precision)))
    )


def largest(numbers: Any) -> float:
    """The largest magnitude of nested numbers, and at least 1."""
    return max(1.0, *map(abs, numbers_in(numbers)))


def _by_rule(values: dict[str, Any], precision: Precision, size: float) -> Answer:
    """Values with the budgets of the rule.

    Terms may be as large as `size` squared, the largest product of a question's numbers, and may
    cancel. An error in a smallest case must exceed the effect of another order of summation.
    """
    budget = partial(tensor_budget, precision=precision, magnitude=size**2)
    return {at: Numbers(value, budget(value)) for at, value in values.items()}


def _careful(derive: Callable[[], Answer]) -> Callable[[], Answer]:
    """The same function, which raises `Unfit` for arithmetic errors."""

    def derived() -> Answer:
        try:
            with np.errstate(all="ignore"):
                return derive()
        except (ArithmeticError, ValueError) as error:
            raise Unfit(str(error)) from None

    return derived
