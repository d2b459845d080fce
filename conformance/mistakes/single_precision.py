"""The reference program in single precision, as an honest float32 port computes it."""

from typing import Any

import numpy as np

from conformance.anatomy.nested_numbers import at_leaves
from conformance.oracle import reference_answer
from golden.trace import floats
from reference.value import Value

from .mistake import Patch

ZERO = np.float32(0)


def single_precision() -> Patch:
    """A patch that stores every node and all state in single precision.

    NumPy rounds a Python float to single precision before it computes with it, so results stay
    single. Random numbers stay double until they enter a node.
    """
    original = reference_answer.answer

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

    def answer(*question: Any) -> Any:
        with np.errstate(all="ignore"):
            return original(*question)

    return {
        "Value.__init__": init,
        "Value.__array_ufunc__": None,
        "reference_answer.floats": lambda numbers: single(floats(numbers)),
        "reference_answer.answer": answer,
    }


def single(numbers: Any) -> Any:
    """The numbers of nested lists and dictionaries as `numpy.float32`."""
    return at_leaves(np.float32, numbers)
