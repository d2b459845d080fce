"""Replays a tape in ball arithmetic: Arb's rigorous enclosures of the exact values.

The program is taken as a function of real numbers. Its inputs are the given floats. Its constants
are float64 numbers: `1e-5`, `1 / n`, `head_dim ** -0.5`, the betas, epsilon and the learning
rate. Everything else is exact, also `1 - beta1`, the decayed learning rate and the bias
corrections.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from ..config import Config
from .formula import PER_SCALAR, Step, UpdateFormula
from .replay import walk_orders
from .symbols import Op
from .tape import Field, Integers, Tape

PRECISION = 256
"""In bits. A training step loses about 12 of them."""

Balls = list[Any]


@contextmanager
def precision(bits: int = PRECISION) -> Iterator[None]:
    """Set Arb's working precision within a `with` block."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


@dataclass(frozen=True, slots=True)
class Enclosure:
    """Exact values: each lies within `radius` of the sum of two floats, `high` and `low`."""

    high: NDArray[np.float64]
    low: NDArray[np.float64]
    radius: NDArray[np.float64]

    @classmethod
    def of(cls, balls: Sequence[Any]) -> Enclosure:
        """The enclosure of a list of balls; `radius` includes the rounding to two floats."""
        with precision():
            high = [float(ball.mid()) for ball in balls]
            rests = [ball - number for ball, number in zip(balls, high, strict=True)]
            low = [float(rest.mid()) for rest in rests]
            bounds = [
                float((rest - number).abs_upper()) for rest, number in zip(rests, low, strict=True)
            ]
        # A bound is converted to the nearest float, which may be below it.
        radius = np.where(np.array(bounds) > 0, np.nextafter(bounds, np.inf), 0.0)
        return cls(np.array(high), np.array(low), radius)

    def __getitem__(self, index: Any) -> Enclosure:
        return Enclosure(self.high[index], self.low[index], self.radius[index])


def balls_of(numbers: Sequence[Any] | NDArray[Any]) -> Balls:
    """Floats as balls of radius 0; balls remain unchanged."""
    if isinstance(numbers, np.ndarray):
        numbers = numbers.tolist()
    return [arb(number) for number in numbers]


@dataclass(frozen=True, slots=True)
class BallReplay:
    """The values of all slots of a tape, and the derivatives of the loss by them."""

    values: Balls
    gradients: Balls


def evaluate(
    tape: Tape, weights: Sequence[Any] | NDArray[Any], tokens: Sequence[int]
) -> BallReplay:
    """The forward and backward pass through one document."""
    places = np.asarray(tokens[: tape.positions + 1], np.int64)
    orders = walk_orders(places, tape.vocab_size)
    with precision():
        values = [arb(0)] * tape.num_slots
        values[: tape.num_params] = balls_of(weights)
        values[tape.num_slots - len(tape.constants) :] = balls_of(tape.constants)
        for row in rows_of(tape.forward, tape.tables, places, orders):
            values[row.out] = _value(row, values)
        gradients = [arb(0)] * tape.num_slots
        gradients[tape.root] = arb(1)
        for row in rows_of(tape.backward, tape.tables, places, orders):
            _pass_back(row, values, gradients)
    return BallReplay(values, gradients)


@dataclass(frozen=True, slots=True)
class Row:
    """One instruction, with the slots of its result and of all elements of its operands."""

    op: Op
    out: int
    a: Sequence[int]
    b: Sequence[int]
    a_grad: bool
    b_grad: bool
    less_one: int


def rows_of(code: Integers, tables: Integers, tokens: Integers, orders: Integers) -> Iterator[Row]:
    """The instructions of a tape, in order, with all loops unrolled."""
    offsets = tables.tolist()
    for entry in code.tolist():
        length = entry[Field.LENGTH]
        a = entry[Field.A] + _shift(entry, Field.A_TOKEN, Field.A_PITCH, tokens)
        b = entry[Field.B] + _shift(entry, Field.B_TOKEN, Field.B_PITCH, tokens)
        along_a = _along(entry[Field.A_STRIDE], entry[Field.A_TABLE], length, offsets)
        along_b = _along(entry[Field.B_STRIDE], entry[Field.B_TABLE], length, offsets)
        for i in range(entry[Field.ROWS]):
            index = i
            if entry[Field.ORDER] >= 0:
                walked = entry[Field.FIRST] + i * entry[Field.STEP]
                index = int(orders[entry[Field.ORDER], walked])
            first_a, first_b = a + index * entry[Field.A_ROW], b + index * entry[Field.B_ROW]
            yield Row(
                Op(entry[Field.OP]),
                entry[Field.OUT] + index * entry[Field.OUT_ROW],
                [first_a + k for k in along_a],
                [first_b + k for k in along_b],
                bool(entry[Field.A_GRAD]),
                bool(entry[Field.B_GRAD]),
                entry[Field.LESS_ONE],
            )


def _shift(entry: list[int], token: int, pitch: int, tokens: Integers) -> int:
    return entry[pitch] * int(tokens[entry[token]]) if entry[token] >= 0 else 0


def _along(stride: int, table: int, length: int, offsets: list[int]) -> Sequence[int]:
    if table >= 0:
        return offsets[table : table + length]
    return [k * stride for k in range(length)]


def _value(row: Row, x: Balls) -> Any:
    a, b = row.a[0], row.b[0]
    match row.op:
        case Op.DOT:
            total = arb(0)
            for i, j in zip(row.a, row.b, strict=True):
                total += x[i] * x[j]
            return total
        case Op.ADD:
            return x[a] + x[b]
        case Op.MUL:
            return x[a] * x[b]
        case Op.POW:
            return x[a] ** x[b]
        case Op.EXP:
            return x[a].exp()
        case Op.LOG:
            return x[a].log()
        case Op.RELU:
            return x[a].nonnegative_part()
        case Op.SUM:
            return sum((x[i] for i in row.a), arb(0))
        case Op.MAX:
            return x[_largest(row, x)]


def _largest(row: Row, x: Balls) -> int:
    """The slot with the largest midpoint; among equal ones the choice makes no difference."""
    return max(row.a, key=lambda slot: float(x[slot].mid()))


def _pass_back(row: Row, x: Balls, g: Balls) -> None:
    go = g[row.out]
    a, b = row.a[0], row.b[0]
    match row.op:
        case Op.DOT:
            for i, j in zip(row.a, row.b, strict=True):
                if row.a_grad:
                    g[i] = g[i] + x[j] * go
                if row.b_grad:
                    g[j] = g[j] + x[i] * go
        case Op.ADD:
            if row.a_grad:
                g[a] = g[a] + go
            if row.b_grad:
                g[b] = g[b] + go
        case Op.MUL:
            if row.a_grad:
                g[a] = g[a] + x[b] * go
            if row.b_grad:
                g[b] = g[b] + x[a] * go
        case Op.POW:
            g[a] = g[a] + x[b] * x[a] ** x[row.less_one] * go
        case Op.EXP:
            g[a] = g[a] + x[row.out] * go
        case Op.LOG:
            g[a] = g[a] + go / x[a]
        case Op.RELU:
            g[a] = g[a] + _slope(x[a]) * go
        case Op.SUM:
            for i in row.a:
                g[i] = g[i] + go
        case Op.MAX:
            largest = _largest(row, x)
            g[largest] = g[largest] + go


def _slope(x: Any) -> Any:
    """The derivative of relu; for a ball that contains 0, the ball from 0 to 1."""
    if x > 0:
        return arb(1)
    return arb(0) if x <= 0 else arb(0.5, 0.5)


@dataclass(frozen=True, slots=True)
class BallState:
    """Weights and moments as balls; `step` counts the updates so far."""

    step: int
    weights: Balls
    m: Balls
    v: Balls


def update(
    formula: UpdateFormula, config: Config, state: BallState, gradients: Balls
) -> tuple[BallState, Any]:
    """The state after one update, and its learning rate."""
    with precision():
        registers = balls_of(formula.registers(config, state.step, np.float64))
        for op, out, a, b in formula.once.tolist():
            registers[out] = _apply(Step(op), registers[a], registers[b])
        rate = registers[formula.outputs[3]]
        steps = [(Step(op), out, a, b) for op, out, a, b in formula.each.tolist()]
        weights, m, v = [], [], []
        has_moments = bool(state.m)
        none = [arb(0)] * len(state.weights)
        moments = (state.m, state.v) if has_moments else (none, none)
        for inputs in zip(state.weights, *moments, gradients, strict=True):
            registers[: len(PER_SCALAR)] = inputs
            for op, out, a, b in steps:
                registers[out] = _apply(op, registers[a], registers[b])
            weights.append(registers[formula.outputs[0]])
            if has_moments:
                m.append(registers[formula.outputs[1]])
                v.append(registers[formula.outputs[2]])
    return BallState(state.step + 1, weights, m, v), rate


def _apply(op: Step, a: Any, b: Any) -> Any:
    match op:
        case Step.ADD:
            return a + b
        case Step.SUB:
            return a - b
        case Step.MUL:
            return a * b
        case Step.DIV:
            return a / b
        case Step.POW:
            return _power(a, b)
        case Step.COS:
            return a.cos()


def _power(a: Any, b: Any) -> Any:
    """`a ** b`; for roots, only of the nonnegative part, since a ball may reach below 0."""
    if b == arb(0.5):
        return a.nonnegative_part().sqrt()
    return a**b
