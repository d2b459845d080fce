"""The program in single precision, as an honest port would have it."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.oracle import reference_answer
from golden.trace import floats
from reference.value import Value

from .mistake import Patch

ZERO = np.float32(0)


def single_precision() -> Patch:
    """Nodes and state of single-precision numbers.

    NumPy's numbers stay single with Python's as the other operand, which are rounded first. The
    generator's numbers are double until they get into a node.
    """
    right = reference_answer.answer

    def init(
        self: Value,
        data: float,
        children: tuple[Value, ...] = (),
        local_grads: tuple[float, ...] = (),
    ) -> None:
        self.data = np.float32(data)  # type: ignore[assignment]
        self.grad = ZERO  # type: ignore[assignment]
        self.children = children
        self.local_grads = local_grads

    def answer(
        method: str,
        params: Any,
        on_step: reference_answer.OnStep = lambda _step: None,
        id_: int = 1,
    ) -> Any:
        with np.errstate(all="ignore"):
            return right(method, params, on_step, id_)

    return {
        "Value.__init__": init,
        "Value.__array_ufunc__": None,
        "reference_answer.floats": lambda numbers: single(floats(numbers)),
        "reference_answer.answer": answer,
    }


def single(numbers: Any) -> Any:
    """Nested lists and dictionaries of single-precision numbers."""
    match numbers:
        case dict():
            return {name: single(part) for name, part in numbers.items()}
        case list():
            return [single(part) for part in numbers]
        case _:
            return np.float32(numbers)
