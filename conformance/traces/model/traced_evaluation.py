"""The evaluation of a trace that shows how it is written."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from golden.numbers import Array

from ..writing.number_format import format_of
from ..writing.raw_numbers import RawTensors


@dataclass(frozen=True)
class Evidence:
    """An evaluation of a trace whose weights are known: what a layout must explain.

    `where` is the place of its tokens in the trace, `grads_where` that of its gradients.
    """

    weights: RawTensors
    tokens: list[int]
    where: str
    loss: float | None
    grads: RawTensors | None
    grads_where: str = ""

    @property
    def shows_nothing(self) -> bool:
        """Whether it has nothing that a layout would have to explain."""
        return self.loss is None and self.grads is None

    def shows_less_than(self, other: "Evidence") -> bool:
        """Whether it lacks something that another one has."""
        parts = ((self.loss, other.loss), (self.grads, other.grads))
        return any(mine is None and others is not None for mine, others in parts)

    @cached_property
    def zeros(self) -> float:
        """The share of the weights that are 0."""
        return float(np.mean(self.weights.numbers == 0))

    @cached_property
    def rounding(self) -> float:
        """The relative error of weights and gradients that their printing causes."""
        sets = [self.weights.numbers, *([self.grads.numbers] if self.grads else [])]
        return sum(_rounding(numbers) for numbers in sets)


def _rounding(numbers: Array) -> float:
    errors = format_of([numbers]).rounding(numbers)
    return float(np.linalg.norm(errors) / (np.linalg.norm(numbers) or 1.0))
