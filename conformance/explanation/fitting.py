"""Compares the answers of the program with a known mistake to a port's answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import UNSET, structs

from conformance.anatomy.levels import Level, upstream
from conformance.anatomy.nested_numbers import flat, shape_of
from conformance.asking.case_result import Result
from conformance.judging.compare import (
    budgets_of,
    compare,
    in_budgets,
    parts_before_the_first_wrong,
    resolve,
)
from conformance.judging.stream_judge import STREAMED
from conformance.mistakes import Mistake, applied
from conformance.oracle import reference_answer
from conformance.oracle.answer import Answer, Exact, Expected, Numbers
from conformance.oracle.reference_answer import vocab_size_of
from golden.budgets import TENSOR_FACTOR, UNIT_ROUNDOFF, Precision, tensor_budget
from ports_adapter.messages import (
    AdamParams,
    InitializeResult,
    ModelParams,
    ReplicateParams,
    SgdParams,
    Sizes,
    StepParams,
    TrainParams,
)

from .judged_cases import question_of

Names = tuple[Mistake, ...]
"""One mistake, or two at once."""

FAILURES = (
    ArithmeticError, AssertionError, IndexError, KeyError, RecursionError, StopIteration, TypeError,
    ValueError,
)  # fmt: skip
"""Errors that a program with a mistake may raise."""

MISTAKEN = 8
"""A mistaken number's budget in multiples of the rule, which is measured on right numbers."""

MAYBE_DUPLICATED = (Level.AUTOGRAD, Level.LAYERS)
"""Levels of functions that a port may have twice, one right and one inside the model wrong."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How many of a case's `values` a mistake explains, and the worst error in budgets.

    A mistake that does not affect a wrong case explains none of its values.
    """

    explained: int
    values: int
    worst: float


def may_show(mistake: Mistake, level: Level) -> bool:
    """Whether a mistake can change a level's answers: its level is the same, or one it depends on.

    Mistakes in updates and schedules have the level Adam, but also occur in gradient descent.
    """
    of_an_update = level is Level.SGD and mistake.level is Level.ADAM
    return mistake.level is level or mistake.level in upstream(level) or of_an_update


def untouched(judged: Result) -> Fit | None:
    """The fit of mistakes that do not affect a case, or None if that refutes them."""
    if not judged.is_wrong:
        return Fit(0, 0, 0.0)
    if judged.case.level in MAYBE_DUPLICATED and judged.comparison is not None:
        return Fit(0, judged.comparison.values, 0.0)
    return None


def fit_of(names: Names, judged: Result, offer: InitializeResult) -> Fit | None:
    """How a port's numbers agree with those of some mistakes, or None if they do not.

    Args:
        names: the mistakes.
        judged: the case.
        offer: the port's answer to `initialize`.
    """
    params = question_of(judged, offer)
    if isinstance(params, dict) or judged.case.full_record:
        return Fit(0, 0, 0.0)  # a handshake, or too long to keep: no evidence
    try:
        answer = answered(
            names,
            judged.case.method,
            params,
            _refuter(judged, offer.precision),
            gradients=_has_gradients(judged),
        )
    except Refuted:
        return None
    except FAILURES:
        return Fit(0, 0, 0.0) if judged.exchange is None else None
    if judged.exchange is None:
        return None
    precision = offer.precision if judged.case.method != "random" else "float64"
    got = judged.exchange.got
    # They agree on parts that neither has.
    right = {
        pointer: part
        for pointer, part in judged.exchange.expected.items()
        if resolve(answer, pointer) is not UNSET or resolve(got, pointer) is not UNSET
    }
    expected = as_expected(answer, right, precision)
    if expected is None:
        return None
    found = compare(expected, got, precision)
    if not found.divergences:
        return Fit(found.values, found.values, found.worst)
    if judged.case.level in MAYBE_DUPLICATED and not compare(right, answer, precision).divergences:
        return Fit(0, found.values, 0.0)
    return None


class Refuted(Exception):
    """The losses of a mistake differ from the port's, so training need not continue."""


OnStep = Callable[[StepParams], None]


def _has_gradients(judged: Result) -> bool:
    """Whether a case compares gradients, so that the backward pass is needed."""
    expected = judged.exchange.expected if judged.exchange else {}
    return not expected or any("grads" in pointer for pointer in expected)


def _refuter(judged: Result, precision: Precision) -> OnStep:
    """A function that takes training steps and stops at a loss far from the port's.

    Raises:
        Refuted: from that function.
    """
    losses = iter(judged.exchange.got.get("steps", ()) if judged.exchange else ())
    far = 2.0**10 * TENSOR_FACTOR * UNIT_ROUNDOFF[precision]

    def take(step: StepParams) -> None:
        other = next(losses, None)
        if other is not None and abs(float(other.loss) - float(step.loss)) > far * abs(
            float(step.loss)
        ):
            raise Refuted

    return take


def answered(
    names: Names,
    method: str,
    params: Any,
    on_step: OnStep = lambda _step: None,
    *,
    gradients: bool = True,
) -> dict[str, Any]:
    """The answer of the program with some mistakes, by field.

    Args:
        names: the mistakes.
        method: the protocol's method.
        params: its parameters.
        on_step: called after each training step.
        gradients: whether those of `backward` are needed; without them it takes a third.
    """
    steps: list[StepParams] = []

    def take(step: StepParams) -> None:
        on_step(step)
        steps.append(step)

    patches = [mistake.patch() for mistake in names]
    if method == "forward" or (method == "backward" and not gradients):
        patches.append({"Value.backward": lambda _root: None})  # a forward pass needs no gradients
    with applied({name: new for patch in patches for name, new in patch.items()}):
        result = reference_answer.answer(method, params, take)
    return structs.asdict(result) | ({"steps": steps} if method in STREAMED else {})


def as_expected(answer: Mapping[str, Any], right: Answer, precision: Precision) -> Answer | None:
    """A mistaken answer with budgets, to compare the port's with; None if a part is missing.

    Numbers that equal the right ones keep the right budgets. Others get a multiple of the
    measured rule's budget for their tensor, since mistaken numbers may be larger and may cancel.
    """
    expected: dict[str, Expected] = {}
    for pointer, part in right.items():
        value = resolve(answer, pointer)
        if isinstance(part, Exact):
            expected[pointer] = Exact(value)
            continue
        if value is UNSET:
            return None
        numbers = flat(value)
        budget = np.zeros(numbers.shape)
        is_right = numbers == 0  # exact zeros have no budget
        if shape_of(value) == shape_of(part.value):
            budget = budgets_of(part, numbers)
            is_right = in_budgets(flat(part.value), numbers, budget) <= 1
        wider = np.maximum(budget, MISTAKEN * tensor_budget(numbers, precision))
        expected[pointer] = Numbers(value, np.where(is_right, budget, wider))
    return expected


def agreement(names: Names, judged: Result, precision: Precision) -> int:
    """How many parts of the answer agree with the port's before the first that does not."""
    exchange = judged.exchange
    if exchange is None:
        return 0
    try:
        answer = answered(names, judged.case.method, exchange.params)
    except FAILURES:
        return 0
    expected = as_expected(answer, exchange.expected, precision)
    if expected is None:
        return 0
    return parts_before_the_first_wrong(expected, exchange.got, precision)


def cost_of(params: Any) -> float:
    """Roughly how many multiply-adds the program needs for a question."""
    match params:
        case ModelParams(sizes=sizes, tokens=tokens, weights=weights):
            return _of_model(sizes, vocab_size_of(weights), len(tokens) - 1)
        case TrainParams(sizes=sizes, documents=documents, weights=weights, steps=steps):
            longest = max(map(len, documents), default=0)
            each = _of_model(sizes, vocab_size_of(weights), longest)
            return steps * (each + 20 * 12 * sizes.n_embd**2)
        case ReplicateParams(sizes=sizes, optimizer=optimizer, num_samples=samples, text=text):
            lines = text.split()
            usual = len(text) // max(len(lines), 1)
            each = _of_model(sizes, len(set(text)), usual + 1)
            return (optimizer.num_steps + samples) * (each + 20 * 12 * sizes.n_embd**2)
        case AdamParams(sizes=sizes) | SgdParams(sizes=sizes):
            return 20 * 12 * sizes.n_embd**2
        case _:
            return 0.0


def _of_model(sizes: Sizes, vocab_size: int, positions: int) -> float:
    positions = min(positions, sizes.block_size)
    layer = 12 * sizes.n_embd**2 + 2 * sizes.n_embd * positions
    return positions * (sizes.n_layer * layer + vocab_size * sizes.n_embd)
