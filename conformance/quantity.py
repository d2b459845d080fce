"""Nested lists of numbers, regular or ragged: their shape, their elements, the way to each."""

from __future__ import annotations

from typing import Any

import numpy as np

from golden.numbers import Array, as_array

NOT_FINITE = ("NaN", "Infinity", "-Infinity")


def shape_of(numbers: Any) -> Any:
    """The shape in words: `numbers[16][27]`, or a list of shapes where the rows differ."""
    if not isinstance(numbers, list):
        is_number = isinstance(numbers, int | float) or numbers in NOT_FINITE
        return "number" if is_number else f"not a number but {type(numbers).__name__}"
    try:
        shape = as_array(numbers).shape
    except (ValueError, TypeError):
        return [shape_of(part) for part in numbers]
    return "numbers" + "".join(f"[{size}]" for size in shape)


def flat(numbers: Any) -> Array:
    """All elements in order, one-dimensional."""
    try:
        return as_array(numbers).ravel()
    except ValueError:
        return np.concatenate([flat(part) for part in numbers])


def place_of(numbers: Any, index: int) -> str:
    """The JSON Pointer, from the tensor on, of the element at a flat index."""
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
            raise IndexError("the tensor has fewer elements than that")
    return pointer


def index_of(numbers: Any, place: str) -> int | None:
    """The flat index of the element at a JSON Pointer within the tensor, if there is one."""
    index = 0
    for token in place.split("/")[1:]:
        if not (isinstance(numbers, list) and token.isdecimal() and int(token) < len(numbers)):
            return None
        index += sum(flat(part).size for part in numbers[: int(token)])
        numbers = numbers[int(token)]
    return None if isinstance(numbers, list) else index
