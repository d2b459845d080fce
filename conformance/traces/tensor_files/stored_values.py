"""What a file of tensors gives: arrays and texts by the names of its entries."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

Stored = NDArray[Any] | str | list[str]
"""The value of an entry: numbers, a text, or a list of texts."""

LARGEST = 1 << 29
"""Bytes of the largest record that is read: the numbers of a step of a model of 5 million."""

ONLY_NUMBERS = "arrays are of float16, bfloat16, float32 or float64, of whole numbers, or of text"


class TensorFile(Protocol):
    """An open file of tensors, whose entries are read one by one."""

    @property
    def names(self) -> Sequence[str]:
        """The names of its arrays, in order."""

    @property
    def texts(self) -> Mapping[str, str]:
        """Its entries of text that are no arrays, by name."""

    def size(self, name: str) -> int:
        """The bytes of an array in memory."""

    def read(self, name: str) -> Stored:
        """The value of an array.

        Raises:
            BadTrace: it is broken, or not of numbers or text.
        """
