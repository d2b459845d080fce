"""A tape: the instructions of a program for documents of one length, as arrays of integers.

Successive instructions that differ only by constant distances are one entry, a loop over `ROWS`
rows. The result and operands of the i-th row are `index` times a stride away from those of the
entry, where `index` is `FIRST + i * STEP`. With an `ORDER`, `index` is instead the vocabulary
row at that position of a walk: the row of the token at place `ORDER` comes first, then the
others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer[Any]]


class Field(IntEnum):
    """The columns of the code of a tape."""

    OP = 0
    ROWS = 1
    FIRST = 2
    STEP = 3
    ORDER = 4
    OUT = 5
    OUT_ROW = 6
    A = 7
    A_ROW = 8
    A_STRIDE = 9
    A_TABLE = 10
    A_TOKEN = 11
    A_PITCH = 12
    A_GRAD = 13
    B = 14
    B_ROW = 15
    B_STRIDE = 16
    B_TABLE = 17
    B_TOKEN = 18
    B_PITCH = 19
    B_GRAD = 20
    LENGTH = 21
    LESS_ONE = 22


Slots = Any
"""An array of slots, or nested lists of slots if they are ragged."""


@dataclass(frozen=True, slots=True)
class Tape:
    """A scalar function of parameters, and also of tokens if it is the loss of a model.

    `forward` and `backward` are `[entries][len(Field)]`; `backward` is in canonical order.
    `tables` has the offsets of rows without a constant stride. The first `num_params` slots hold
    the parameters, the last ones the `constants`; `root` is the slot of the function's value.
    `values` and `gradients` give the slots whose values and derivatives are observed, by their
    JSON Pointers in the answers of a port, in the order of computation.
    """

    vocab_size: int
    positions: int
    num_params: int
    num_slots: int
    forward: Integers
    backward: Integers
    tables: Integers
    constants: NDArray[np.float64]
    root: int
    values: dict[str, Slots]
    gradients: dict[str, Slots]

    def __post_init__(self) -> None:
        for array in (self.forward, self.backward, self.tables, self.constants):
            array.setflags(write=False)


def flattened(slots: Slots) -> list[int]:
    """All slots, in order."""
    if isinstance(slots, np.ndarray):
        return slots.ravel().tolist()
    if isinstance(slots, int):
        return [slots]
    return [slot for part in slots for slot in flattened(part)]
