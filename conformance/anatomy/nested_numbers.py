"""Nested lists of numbers: their shape, their elements in order, and the way to each element."""

from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np

from golden.numbers import Array, as_array

NOT_FINITE = ("NaN", "Infinity", "-Infinity")

DEEPEST = 8
"""Deeper than the lists of any right answer."""


def shape_of(numbers: Any, depth: int = 0) -> Any:
    """The shape in words, as `numbers[16][27]`; a list of shapes if the rows differ in shape."""
    if not isinstance(numbers, list):
        return "number" if is_number(numbers) else f"not a number but {type(numbers).__name__}"
    if depth == DEEPEST:
        return "not a number but lists in lists"
    if _are_numbers(numbers):
        with suppress(ValueError):
            return "numbers" + "".join(f"[{size}]" for size in as_array(numbers).shape)
    return [shape_of(part, depth + 1) for part in numbers]


def is_number(element: Any) -> bool:
    """Whether an element of a JSON document is a number within the range of a float.

    `true` and `"1"` are not numbers; `"NaN"` and the two infinities are.
    """
    if isinstance(element, str):
        return element in NOT_FINITE
    try:
        return not isinstance(element, bool) and isinstance(float(element), float)
    except (OverflowError, TypeError):
        return False


def _are_numbers(numbers: list[Any]) -> bool:
    """Whether the lists are equally deep, and hold nothing but numbers and null."""
    elements, kinds = numbers, set(map(type, numbers))
    for _ in range(DEEPEST):
        if kinds != {list}:
            break
        elements = list(chain.from_iterable(elements))
        kinds = set(map(type, elements))
    # Many JSON libraries write null for NaN, and it fails in the same way.
    return kinds <= {float, NoneType} or all(e is None or is_number(e) for e in elements)


def flat(numbers: Any) -> Array:
    """All elements in order, as a one-dimensional array of float64."""
    try:
        return as_array(numbers).ravel()
    except ValueError:
        return np.concatenate([flat(part) for part in numbers])


def pointer_of(numbers: Any, index: int) -> str:
    """The JSON Pointer, relative to the tensor, of the element at a flat index.

    Raises:
        IndexError: the tensor has fewer elements.
    """
    pointer = ""
    while isinstance(numbers, list):
        for position, part in enumerate(numbers):
            size = flat(part).size
            if index < size:
                pointer += f"/{position}"
                numbers = part
                break
            index -= size
        else:
            raise IndexError("the tensor has fewer elements")
    return pointer


def at_leaves(change: Callable[[Any], Any], part: Any) -> Any:
    """Apply a function to whatever is neither a list nor a dictionary in nested ones."""
    match part:
        case dict():
            return {name: at_leaves(change, inside) for name, inside in part.items()}
        case list():
            return [at_leaves(change, inside) for inside in part]
        case _:
            return change(part)


def index_of(numbers: Any, place: str) -> int | None:
    """The flat index of the element at a JSON Pointer relative to the tensor; None if none is."""
    index = 0
    for token in place.split("/")[1:]:
        if not (isinstance(numbers, list) and token.isdecimal() and int(token) < len(numbers)):
            return None
        index += sum(flat(part).size for part in numbers[: int(token)])
        numbers = numbers[int(token)]
    return None if isinstance(numbers, list) else index
