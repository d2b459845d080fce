"""The optimizer as a formula: the update of one scalar, recorded once and replayed for all.

The update is plain arithmetic on floats. It is run once over `Term`s, which record every
operation in order. The record is then replayed over whole arrays, block by block. Since the
operations and operands are the same, every scalar gets the same bits as in the program.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import schedule
from ..adam import adam
from ..config import Config
from ..sgd import sgd
from ..state import State
from .kernels import compiled
from .power import roots, squares
from .replay import Floats

BLOCK = 512


class Step(IntEnum):
    """An operation on two registers; the cosine uses only the first."""

    ADD = 0
    SUB = 1
    MUL = 2
    DIV = 3
    POW = 4
    COS = 5


@dataclass
class Formula:
    """Recorded operations on registers: inputs, then constants and results as they come.

    `per_scalar[r]` says whether register `r` holds a number for each scalar or one for all.
    """

    per_scalar: list[bool]
    constants: dict[int, float]
    steps: list[tuple[Step, int, int, int]]

    def term(self, *, per_scalar: bool) -> Term:
        """A new register."""
        self.per_scalar.append(per_scalar)
        return Term(self, len(self.per_scalar) - 1)

    def result(self, step: Step, a: Term, b: Term) -> Term:
        """The result of a new operation, in a new register."""
        result = self.term(per_scalar=self.per_scalar[a.register] or self.per_scalar[b.register])
        self.steps.append((step, result.register, a.register, b.register))
        return result


@dataclass(frozen=True, slots=True)
class Term:
    """Stands for a float while the update is recorded."""

    formula: Formula
    register: int

    def _with(self, step: Step, other: Any, *, swapped: bool = False) -> Term:
        if not isinstance(other, Term):
            term = self.formula.term(per_scalar=False)
            self.formula.constants[term.register] = float(other)
            other = term
        a, b = (other, self) if swapped else (self, other)
        return self.formula.result(step, a, b)

    def __add__(self, other: Any) -> Term:
        return self._with(Step.ADD, other)

    def __radd__(self, other: Any) -> Term:
        return self._with(Step.ADD, other, swapped=True)

    def __sub__(self, other: Any) -> Term:
        return self._with(Step.SUB, other)

    def __rsub__(self, other: Any) -> Term:
        return self._with(Step.SUB, other, swapped=True)

    def __mul__(self, other: Any) -> Term:
        return self._with(Step.MUL, other)

    def __rmul__(self, other: Any) -> Term:
        return self._with(Step.MUL, other, swapped=True)

    def __truediv__(self, other: Any) -> Term:
        return self._with(Step.DIV, other)

    def __rtruediv__(self, other: Any) -> Term:
        return self._with(Step.DIV, other, swapped=True)

    def __pow__(self, other: Any) -> Term:
        return self._with(Step.POW, other)

    def __rpow__(self, other: Any) -> Term:
        return self._with(Step.POW, other, swapped=True)

    def cos(self) -> Term:
        """The cosine."""
        return self._with(Step.COS, self)


Code = NDArray[np.int64]


PER_SCALAR = ("weight", "m", "v", "gradient")
PER_STEP = ("step", "learning_rate", "beta1", "beta2", "eps_adam", "num_steps")


@dataclass(frozen=True, slots=True)
class UpdateFormula:
    """The update of one scalar as code.

    The input registers are those of `PER_SCALAR`, then those of `PER_STEP`. `once` has the
    operations that depend only on the latter, `each` has the others; both are
    `[operations][4]`: operation, result, two operands. `outputs` are the registers of weight,
    m and v after the update, and of the learning rate. An optimizer without moments does not
    change m and v.
    """

    once: Code
    each: Code
    constants: NDArray[np.float64]
    outputs: tuple[int, int, int, int]

    def registers(self, config: Config, step: int, dtype: DTypeLike) -> NDArray[Any]:
        """The registers at the start of a step, with its constants and inputs."""
        registers = self.constants.astype(dtype)
        inputs = (step, *(getattr(config, name) for name in PER_STEP[1:]))
        registers[len(PER_SCALAR) : len(PER_SCALAR) + len(PER_STEP)] = inputs
        return registers


Update = Callable[[State, Any, Config], State]


@dataclass(frozen=True, slots=True)
class _Hyperparameters:
    """A configuration with terms instead of numbers."""

    schedule: str
    learning_rate: Any
    beta1: Any
    beta2: Any
    eps_adam: Any
    num_steps: Any

    def learning_rate_at(self, step: Any) -> Any:
        """The schedule of the program."""
        return Config.learning_rate_at(self, step)  # type: ignore[arg-type]


UPDATES: dict[str, Update] = {"adam": adam, "sgd": sgd}


def formula_of(config: Config) -> UpdateFormula:
    """The update by the optimizer of a configuration, with its schedule."""
    return update_formula(config.optimizer, config.schedule)


@cache
def update_formula(optimizer: str, decay: str) -> UpdateFormula:
    """Record the update of one scalar."""
    formula = Formula([], {}, [])
    weight, m, v, gradient = (formula.term(per_scalar=True) for _ in PER_SCALAR)
    step, *hyperparameters = (formula.term(per_scalar=False) for _ in PER_STEP)
    config: Any = _Hyperparameters(decay, *hyperparameters)
    state: Any = State(step, {"": [[weight]]}, {"": [[m]]}, {"": [[v]]})  # type: ignore[arg-type, list-item]
    with _cosines_of_terms():
        rate = config.learning_rate_at(step)
        updated = UPDATES[optimizer](state, {"": [[gradient]]}, config)
    outputs: Any = [updated.weights[""][0][0], updated.m[""][0][0], updated.v[""][0][0], rate]
    steps = [(formula.per_scalar[result], (op, result, a, b)) for op, result, a, b in formula.steps]
    constants = np.zeros(len(formula.per_scalar))
    for register, number in formula.constants.items():
        constants[register] = number
    return UpdateFormula(
        once=_code([code for per_scalar, code in steps if not per_scalar]),
        each=_code([code for per_scalar, code in steps if per_scalar]),
        constants=constants,
        outputs=tuple(term.register for term in outputs),
    )


@contextmanager
def _cosines_of_terms() -> Iterator[None]:
    """Within the `with` block, schedules take the cosine of terms."""
    own = schedule.cos
    schedule.cos = Term.cos  # type: ignore[assignment]
    try:
        yield
    finally:
        schedule.cos = own


def _code(steps: list[tuple[Step, int, int, int]]) -> Code:
    return np.array(steps, dtype=np.int64).reshape(-1, 4)


ADD, SUB, MUL, DIV, COS = (int(step) for step in (Step.ADD, Step.SUB, Step.MUL, Step.DIV, Step.COS))


@compiled
def _apply(code: Code, registers: Any, size: int) -> None:
    for index in range(code.shape[0]):
        op = code[index, 0]
        out, a, b = registers[code[index, 1]], registers[code[index, 2]], registers[code[index, 3]]
        if op == ADD:
            for k in range(size):
                out[k] = a[k] + b[k]
        elif op == SUB:
            for k in range(size):
                out[k] = a[k] - b[k]
        elif op == MUL:
            for k in range(size):
                out[k] = a[k] * b[k]
        elif op == DIV:
            for k in range(size):
                out[k] = a[k] / b[k]
        elif op == COS:
            for k in range(size):
                out[k] = math.cos(a[k])
        elif size > 1 and b[0] == 2 and registers.itemsize == 8:
            squares(a, b[0], out, size)
        elif size > 1 and b[0] == 0.5 and registers.itemsize == 8:
            roots(a, b[0], out, size)
        else:
            for k in range(size):
                out[k] = a[k] ** b[k]


@compiled
def apply_update(
    once: Code, each: Code, inputs: Floats, outputs: tuple[int, int, int, int],
    weights: Floats, m: Floats, v: Floats, gradients: Floats,
) -> Any:  # fmt: skip
    """Update weights in place, also m and v unless empty; gives the learning rate."""
    registers = np.empty((inputs.size, BLOCK), inputs.dtype)
    for register in range(inputs.size):
        registers[register, 0] = inputs[register]
    _apply(once, registers, min(1, BLOCK))
    for register in range(len(PER_SCALAR), inputs.size):
        registers[register, :] = registers[register, 0]
    rate = registers[outputs[3], 0]
    for start in range(0, weights.size, BLOCK):
        size = min(BLOCK, weights.size - start)
        for k in range(size):
            registers[0, k] = weights[start + k]
            registers[3, k] = gradients[start + k]
        for k in range(min(size, m.size)):
            registers[1, k] = m[start + k]
            registers[2, k] = v[start + k]
        _apply(each, registers, size)
        for k in range(size):
            weights[start + k] = registers[outputs[0], k]
        for k in range(min(size, m.size)):
            m[start + k] = registers[outputs[1], k]
            v[start + k] = registers[outputs[2], k]
    return rate
