"""Whether the program with a mistake in it answers as a port did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import UNSET, structs

from conformance.anatomy.levels import Level, upstream
from conformance.anatomy.nested_numbers import flat, shape_of
from conformance.judging.compare import budgets_of, compare, in_budgets, resolve
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

from .judged_cases import JudgedCase, question_of

Names = tuple[Mistake, ...]
"""One mistake, or two that are made at once."""

FAILURES = (
    ArithmeticError, AssertionError, IndexError, KeyError, RecursionError, StopIteration, TypeError,
    ValueError,
)  # fmt: skip
"""What a program with a mistake in it may end with."""

MISTAKEN = 8
"""How many times the measured rule's budget a mistaken number has: the rule is of right ones."""

SHARED_BY_CHOICE = (Level.AUTOGRAD, Level.LAYERS)
"""Levels of functions that a port may have twice: right by themselves, wrong inside the model."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How many of a wrong case's `values` a mistake explains, the worst error in budgets.

    A mistake that leaves the case right explains none of them.
    """

    explained: int
    values: int
    worst: float


def may_show(mistake: Mistake, level: Level) -> bool:
    """Whether a mistake can change a level's answers: it is that level's, or of one below.

    Mistakes in updates and schedules are entered under Adam, and may be made without it.
    """
    of_an_update = level is Level.SGD and mistake.level is Level.ADAM
    return mistake.level is level or mistake.level in upstream(level) or of_an_update


def untouched(judged: JudgedCase) -> Fit | None:
    """The fit of mistakes that leave a case right."""
    if not judged.is_wrong:
        return Fit(0, 0, 0.0)
    if judged.case.level in SHARED_BY_CHOICE and judged.comparison is not None:
        return Fit(0, judged.comparison.values, 0.0)
    return None


def fit_of(names: Names, judged: JudgedCase, offer: InitializeResult) -> Fit | None:
    """How a case's numbers agree with those of some mistakes, or None if they do not."""
    params = question_of(judged, offer)
    if isinstance(params, dict) or judged.case.full_record:
        return Fit(0, 0, 0.0)  # of the handshake, or judged while it streamed: says nothing here
    try:
        answer = answered(names, judged.case.method, params, _refuter(judged, offer.precision))
    except Refuted:
        return None
    except FAILURES:
        return Fit(0, 0, 0.0) if judged.exchange is None else None
    if judged.exchange is None:
        return None
    precision = offer.precision if judged.case.method != "random" else "float64"
    got = judged.exchange.got
    # What both leave out, they agree on.
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
    if judged.case.level in SHARED_BY_CHOICE and not compare(right, answer, precision).divergences:
        return Fit(0, found.values, 0.0)
    return None


class Refuted(Exception):
    """A mistake's losses are not the port's: there is no need to go on."""


OnStep = Callable[[StepParams], None]


def _refuter(judged: JudgedCase, precision: Precision) -> OnStep:
    """Takes the steps of a training, and ends it at a loss far from the port's.

    Raises:
        Refuted: at such a loss.
    """
    told = iter(judged.exchange.got.get("steps", ()) if judged.exchange else ())
    far = 2.0**10 * TENSOR_FACTOR * UNIT_ROUNDOFF[precision]

    def take(step: StepParams) -> None:
        other = next(told, None)
        if other is not None and abs(float(other.loss) - float(step.loss)) > far * abs(
            float(step.loss)
        ):
            raise Refuted

    return take


def answered(
    names: Names, method: str, params: Any, on_step: OnStep = lambda _step: None
) -> dict[str, Any]:
    """What the program answers with some mistakes in it; `on_step` sees each step of a training."""
    steps: list[StepParams] = []

    def take(step: StepParams) -> None:
        on_step(step)
        steps.append(step)

    patches = [mistake.patch() for mistake in names]
    if method == "forward":
        patches.append({"Value.backward": lambda _root: None})  # nobody asks for gradients
    with applied({name: new for patch in patches for name, new in patch.items()}):
        result = reference_answer.answer(method, params, take)
    return structs.asdict(result) | ({"steps": steps} if method in STREAMED else {})


def as_expected(answer: Mapping[str, Any], right: Answer, precision: Precision) -> Answer | None:
    """A mistaken answer as one to compare with: the right answer's parts, and room to round.

    A number has the right one's budget or, where it is not the right one, some of the measured
    rule's for its tensor: mistaken numbers may be larger, and cancel. None if a part is missing.
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
        is_right = numbers == 0  # where the right number is 0 exactly, and has no budget
        if shape_of(value) == shape_of(part.value):
            budget = budgets_of(part, numbers)
            is_right = in_budgets(flat(part.value), numbers, budget) <= 1
        wider = np.maximum(budget, MISTAKEN * tensor_budget(numbers, precision))
        expected[pointer] = Numbers(value, np.where(is_right, budget, wider))
    return expected


def agreement(names: Names, judged: JudgedCase, precision: Precision) -> int:
    """How many parts agree before the first that does not."""
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
    found = compare(expected, exchange.got, precision)
    order = list(expected)
    wrong = [order.index(d.part) for d in found.divergences if d.part in expected]
    return min(wrong, default=len(order))


def cost_of(params: Any) -> float:
    """About how many multiply-adds a question takes the program."""
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
