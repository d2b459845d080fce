"""A tape: the instructions of a program for documents of one length, as arrays of integers.

Successive instructions that differ by constant distances alone are one entry, a loop over
`ROWS` rows. The i-th row's result and operands are `index` times a stride away from the
entry's, where `index` is `FIRST + i * STEP`; with an `ORDER`, it is the position of that
number in the order in which the token at that place has the vocabulary walked: its own row
first, then the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer[Any]]


class Field(IntEnum):
    """The columns of a tape's code."""

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
"""Where numbers are found: an array of slots, or nested lists of them if they are ragged."""


@dataclass(frozen=True, slots=True)
class Tape:
    """A scalar function of parameters, and of tokens if it is a model's loss.

    `forward` and `backward` are entries, `[entries][len(Field)]`, `backward` in canonical
    order; `tables` the offsets of rows without a stride. The first `num_params` slots hold
    the parameters, the last ones the `constants`; `root` is the function's own. `values`
    and `gradients` say which slots' values and derivatives are observed, by their JSON
    Pointers in the answers of a port, in the order of computation.
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
