"""Reading a request's params: each field checked, and named when it is wrong."""

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from .array import Array, Real


class InvalidParamsError(Exception):
    """A request's params are missing something or wrong; the message says what and where."""


class Fields:
    """A JSON object whose fields are read by name. Fields that nobody reads are ignored.

    Arrays are read as numbers of the type `real`.
    """

    def __init__(self, value: Any, real: Real = np.float64, path: str = "params") -> None:
        """Wrap an object that stands at `path` in its request."""
        if not isinstance(value, dict):
            raise InvalidParamsError(f"{path}: expected an object")
        self.real = real
        self._values = value
        self._path = path

    def names(self) -> list[str]:
        """The names of all fields."""
        return list(self._values)

    def wrong(self, name: str, complaint: str) -> InvalidParamsError:
        """An exception, to be raised, about one field."""
        return InvalidParamsError(f"{self._path}.{name}: {complaint}")

    def fields(self, name: str) -> "Fields":
        """An object."""
        return Fields(self._get(name), self.real, f"{self._path}.{name}")

    def records(self, name: str) -> "list[Fields]":
        """A list of objects."""
        return [
            Fields(item, self.real, f"{self._path}.{name}[{index}]")
            for index, item in enumerate(self.items(name))
        ]

    def items(self, name: str) -> list[Any]:
        """A list of anything."""
        value = self._get(name)
        if not isinstance(value, list):
            raise self.wrong(name, "expected a list")
        return value

    def text(self, name: str) -> str:
        """A string."""
        value = self._get(name)
        if not isinstance(value, str):
            raise self.wrong(name, "expected a string")
        return value

    def flag(self, name: str) -> bool:
        """A boolean, false where there is none."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, "expected true or false")
        return value

    def choice(self, name: str, choices: Collection[str], default: str | None = None) -> str:
        """One of these words; the default, if there is one, where there is none."""
        value = self._get(name) if default is None else self._values.get(name, default)
        if not isinstance(value, str) or value not in choices:
            raise self.wrong(name, f"expected one of {', '.join(choices)}")
        return value

    def integer(self, name: str, minimum: int = 0) -> int:
        """An integer of at least `minimum`."""
        value = self._get(name)
        if not _is_integer(value) or value < minimum:
            raise self.wrong(name, f"expected an integer of at least {minimum}")
        return int(value)

    def number(self, name: str) -> float:
        """A finite number."""
        value = self._get(name)
        if not (_is_integer(value) or isinstance(value, float)) or not math.isfinite(value):
            raise self.wrong(name, "expected a finite number")
        return float(value)

    def indices(self, name: str, below: int) -> list[int]:
        """A list of integers from 0 to `below - 1`."""
        return self._checked_indices(name, self.items(name), below)

    def documents(self, name: str, vocab_size: int) -> list[list[int]]:
        """A list of documents, each of at least two tokens."""
        items = self.items(name)
        if not items:
            raise self.wrong(name, "expected at least one document")
        return [
            self._checked_document(f"{name}[{i}]", item, vocab_size) for i, item in enumerate(items)
        ]

    def document(self, name: str, vocab_size: int) -> list[int]:
        """The tokens of one document, at least two."""
        return self._checked_document(name, self._get(name), vocab_size)

    def doubles(self, name: str) -> list[float]:
        """A list of finite numbers, in double precision whatever the arrays have."""
        exact = Fields(self._values, np.float64, self._path)
        return [float(number) for number in exact.array(name, None)]

    def array(self, name: str, *shape: int | None) -> Array:
        """A vector or matrix of finite numbers; `None` in the shape stands for any length."""
        try:
            array = np.array(self._get(name))
            is_numeric = array.dtype.kind not in "Ub"
            array = array.astype(self.real)
        except (TypeError, ValueError, OverflowError):
            is_numeric = False
        if not is_numeric or not np.isfinite(array).all():
            raise self.wrong(name, "expected finite numbers in rows of equal length")
        if not _fits(array.shape, shape):
            raise self.wrong(name, f"expected {_show(shape)} numbers, got {_show(array.shape)}")
        return array

    def _get(self, name: str) -> Any:
        if name not in self._values:
            raise self.wrong(name, "missing")
        return self._values[name]

    def _checked_document(self, name: str, value: Any, vocab_size: int) -> list[int]:
        tokens = self._checked_indices(name, value, vocab_size)
        if len(tokens) < 2:
            raise self.wrong(name, "expected at least two tokens")
        return tokens

    def _checked_indices(self, name: str, value: Any, below: int) -> list[int]:
        if not isinstance(value, list):
            raise self.wrong(name, "expected a list of integers")
        if not all(_is_integer(item) and 0 <= item < below for item in value):
            raise self.wrong(name, f"expected integers of at least 0 and below {below}")
        return value


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _fits(shape: Sequence[int], expected: Sequence[int | None]) -> bool:
    return len(shape) == len(expected) and all(
        length == wanted or (wanted is None and length > 0)
        for length, wanted in zip(shape, expected, strict=True)
    )


def _show(shape: Sequence[int | None]) -> str:
    return "".join(f"[{'any' if length is None else length}]" for length in shape) or "[]"
