"""Puts all numbers of a fully recorded training step into one flat array, in a fixed order."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from msgspec import UNSET

from golden.numbers import Array, as_array
from ports_adapter.messages import StepParams
from reference.tape.machine import named

STATE = ("m", "v", "weights")
TENSORS = ("grads", *STATE)


@dataclass(frozen=True)
class Order:
    """The canonical order of a model's numbers: the matrices of `Config.shapes`, row by row."""

    shapes: Mapping[str, tuple[int, int]]

    @cached_property
    def sizes(self) -> list[int]:
        """The number of elements of each tensor."""
        return [rows * columns for rows, columns in self.shapes.values()]

    @cached_property
    def size(self) -> int:
        """The number of elements of the model."""
        return sum(self.sizes)

    def flat(self, tensors: Mapping[str, Any]) -> Array:
        """Named tensors as one flat array.

        Raises:
            KeyError: a tensor is missing.
            ValueError: the tensors are not shaped like the model's.
        """
        arrays = {name: as_array(tensors[name]) for name in self.shapes}
        if any(arrays[name].shape != shape for name, shape in self.shapes.items()):
            raise ValueError("the tensors are not shaped like the model's")
        return np.concatenate([array.ravel() for array in arrays.values()])

    def views(self, array: Array) -> dict[str, Array]:
        """The tensors of a flat array by name, as views."""
        return named(array, self.shapes)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a step: its JSON Pointer within the step, and its range in the array."""

    pointer: str
    shape: tuple[int, ...]
    start: int
    stop: int

    def place(self, index: int) -> str:
        """The JSON Pointer, within the step, of the element at an index of the array."""
        steps = np.unravel_index(index - self.start, self.shape) if self.shape else ()
        return self.pointer + "".join(f"/{position}" for position in steps)


@dataclass(frozen=True)
class StepLayout:
    """The order of a fully recorded step's numbers in one array, for a number of positions.

    First come logits, losses, the mean loss and the gradients, which follow from the state
    before the step; then the learning rate and the state after it, which follow from the
    gradients.
    """

    order: Order
    vocab_size: int
    positions: int

    @cached_property
    def sections(self) -> list[Section]:
        """The parts of the step, in order."""
        n = self.positions
        shapes: dict[str, tuple[int, ...]] = {
            "/logits": (n, self.vocab_size),
            "/losses": (n,),
            "/loss": (),
            **self._tensors("grads"),
            "/learning_rate": (),
            **self._tensors("m"),
            **self._tensors("v"),
            **self._tensors("weights"),
        }
        starts = accumulate((int(np.prod(shape)) for shape in shapes.values()), initial=0)
        return [
            Section(pointer, shape, start, stop)
            for (pointer, shape), (start, stop) in zip(
                shapes.items(), pairwise(starts), strict=True
            )
        ]

    def _tensors(self, part: str) -> dict[str, tuple[int, ...]]:
        return {f"/{part}/{name}": shape for name, shape in self.order.shapes.items()}

    @cached_property
    def evaluated(self) -> int:
        """The number of elements before the gradients."""
        return self.positions * (self.vocab_size + 1) + 1

    def grads(self, array: Array) -> Array:
        """The gradients of a step's array."""
        return array[self.evaluated : self.evaluated + self.order.size]

    def state(self, array: Array) -> tuple[Array, Array, Array]:
        """`m`, `v` and the weights of a step's array."""
        size = self.order.size
        m, v, weights = array[self.evaluated + size + 1 :].reshape(3, size)
        return m, v, weights

    def place(self, index: int) -> str:
        """The JSON Pointer, within the step, of the element at an index of the array."""
        section = next(section for section in self.sections if index < section.stop)
        return section.place(index)

    def pack(self, step: StepParams) -> Array | None:
        """All numbers of a step, or None if some are missing or have another shape.

        Streams have millions of numbers, so plain floats are packed into memory at once. Only
        a step with strings for NaN or an infinity is converted number by number.
        """
        rows = self._rows(step)
        if rows is None or list(map(len, rows)) != self._lengths:
            return None
        numbers: list[Any] = []
        for row in rows:
            numbers += row
        try:
            return np.frombuffer(self._struct.pack(*numbers))
        except struct.error:
            return np.array([float(number) for number in numbers])

    def _rows(self, step: StepParams) -> list[Any] | None:
        """Every row of numbers in order, or None if a matrix has another number of rows."""
        logits, losses = step.logits, step.losses
        if logits is UNSET or losses is UNSET or len(logits) != self.positions:
            return None
        if step.learning_rate is UNSET:
            return None
        rows: list[Any] = [*logits, losses, (step.loss,)]
        for part in TENSORS:
            tensors = getattr(step, part)
            if tensors is UNSET or tensors.keys() != self.order.shapes.keys():
                return None
            for name, (count, _) in self.order.shapes.items():
                if len(tensors[name]) != count:
                    return None
                rows += tensors[name]
            if part == "grads":
                rows.append((step.learning_rate,))
        return rows

    @cached_property
    def _lengths(self) -> list[int]:
        """The length of every row; a vector is one row, and so is a scalar."""
        rows = [(1, *s.shape)[-2:] if s.shape else (1, 1) for s in self.sections]
        return [length for count, length in rows for _ in range(count)]

    @cached_property
    def _struct(self) -> struct.Struct:
        return struct.Struct(f"{self.sections[-1].stop}d")
