"""The numbers of a record as arrays, as the program wrote them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np

from conformance.anatomy.nested_numbers import DEEPEST, is_number
from golden.numbers import Array
from ports_adapter.quoting import printable

from .record_lines import BadTrace

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RawTensors:
    """Weights, gradients or moments as a program writes them.

    Attributes:
        numbers: all of them in the order written, flat.
        shapes: the shapes of the matrices by name; empty for a flat list.
    """

    numbers: Array
    shapes: dict[str, Shape]


def raw_tensors(value: Any, where: str) -> RawTensors:
    """A set of tensors: a flat list, a list of matrices, or an object of matrices by name.

    Raises:
        BadTrace: it is none of these.
    """
    if isinstance(value, dict) and value and list(value) == list(map(str, range(len(value)))):
        value = list(value.values())  # how JavaScript writes a typed array
    if isinstance(value, dict):
        arrays = {name: array(part, f"{where}/{name}") for name, part in value.items()}
        shapes = {name: part.shape for name, part in arrays.items()}
        parts = [part.ravel() for part in arrays.values()]
        return RawTensors(np.concatenate(parts) if parts else np.zeros(0), shapes)
    if isinstance(value, np.ndarray):
        return RawTensors(array(value, where).ravel(), {})
    if not isinstance(value, list):
        raise BadTrace(f"{where}: expected a list of numbers or an object of matrices by name")
    if value and all(isinstance(part, list | np.ndarray) for part in value):
        parts = [array(part, f"{where}/{index}").ravel() for index, part in enumerate(value)]
        return RawTensors(np.concatenate(parts), {})
    return RawTensors(array(value, where).ravel(), {})


def array(value: Any, where: str, expected: Shape | None = None) -> Array:
    """An array, or nested lists of equal lengths as one; NaN may be a string or null.

    Raises:
        BadTrace: they are ragged, hold something that is not a number, or have another shape
            than the `expected` one.
    """
    if isinstance(value, np.ndarray):
        _refuse_shape(value.shape, expected, where)
        return value.astype(np.float64)
    shape: list[int] = []
    level: Sequence[Any] = [value]
    kinds = {type(value)}
    while kinds == {list}:
        if len(shape) == DEEPEST:
            raise BadTrace(f"{where}: lists in lists, more than {DEEPEST} deep")
        lengths = set(map(len, level))
        if len(lengths) > 1:
            raise BadTrace(f"{where}: rows of {min(lengths)} and of {max(lengths)} numbers")
        shape.append(lengths.pop())
        level = list(chain.from_iterable(level))
        kinds = set(map(type, level))
    if not kinds <= {float, int}:
        level = _without_words(level, kinds, where)
    _refuse_shape(tuple(shape), expected, where)
    try:
        return np.array(level, np.float64).reshape(shape)
    except OverflowError:
        raise BadTrace(f"{where}: an integer is too large for a float") from None


def ragged(value: Any, where: str) -> Array:
    """All numbers of an object of values by name, or of lists of any lengths, flat.

    Raises:
        BadTrace: something in it is not a number.
    """
    if isinstance(value, dict):
        inside = [ragged(part, f"{where}/{name}") for name, part in value.items()]
    elif isinstance(value, list) and value and all(isinstance(part, list) for part in value):
        inside = [ragged(part, f"{where}/{index}") for index, part in enumerate(value)]
    else:
        return array(value, where).ravel()
    return np.concatenate(inside) if inside else np.zeros(0)


def _refuse_shape(shape: Shape, expected: Shape | None, where: str) -> None:
    if expected is not None and shape != expected:
        what = "one number" if expected == () else f"the shape {list(expected)}"
        raise BadTrace(f"{where}: expected {what}, got the shape {list(shape)}")


def _without_words(level: Sequence[Any], kinds: set[type], where: str) -> list[float]:
    """The elements with NaN for null, which is what JavaScript writes for it."""
    if kinds <= {float, int, str, NoneType} and all(e is None or is_number(e) for e in level):
        return [float("nan") if element is None else float(element) for element in level]
    wrong = next(e for e in level if e is not None and not is_number(e))
    if isinstance(wrong, list | dict):
        raise BadTrace(f"{where}: lists and numbers side by side")
    shown = repr(printable(wrong, 40)) if isinstance(wrong, str) else repr(wrong).lower()
    raise BadTrace(f"{where}: {shown} is not a number; numbers are written without quotes")
