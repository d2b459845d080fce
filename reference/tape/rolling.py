"""Rolls successive instructions that differ only by constant distances into loops.

An instruction may move ahead of others that do not touch its slots. The code loops over elements,
because operations on whole arrays would take seconds to compile.
"""

from __future__ import annotations

import numpy as np

from .kernels import compiled
from .tape import Field, Integers

NOWHERE = -1
"""The slot of an operand that an operation does not have."""

LOOK_BACK = 4
"""An instruction may join one of this many last loops."""

_ROWS, _FIRST, _STEP = int(Field.ROWS), int(Field.FIRST), int(Field.STEP)
_ORDER, _LENGTH, _OUT, _A = int(Field.ORDER), int(Field.LENGTH), int(Field.OUT), int(Field.A)
_A_STRIDE, _A_TABLE = int(Field.A_STRIDE), int(Field.A_TABLE)
_B_STRIDE, _B_TABLE = int(Field.B_STRIDE), int(Field.B_TABLE)
_PLACES = (int(Field.OUT), int(Field.A), int(Field.B))
_DISTANCES = (int(Field.OUT_ROW), int(Field.A_ROW), int(Field.B_ROW))
_MAY_DIFFER = (*_PLACES, *_DISTANCES, _ROWS, _FIRST, _STEP)
_SAME = tuple(int(field) for field in Field if int(field) not in _MAY_DIFFER)


@compiled
def rolled(code: Integers, offsets: Integers, num_slots: int, vocab_size: int) -> Integers:
    """The entries in the same order, each joined to one of the last loops if possible.

    Args:
        code: `[instructions][len(Field)]`, each a loop of one row.
        offsets: the table to which rows without a constant stride refer.
        num_slots: the first slot of the constants, which are never written.
        vocab_size: the number of rows that a token can look up.
    """
    loops = np.empty_like(code)
    count = 0
    for entry in code:
        joined = False
        for back in range(min(count, LOOK_BACK)):
            loop = loops[count - 1 - back]
            joined = _extend(loop, entry)
            if joined or entry[_LENGTH] > 1 or _touch(loop, entry, offsets, num_slots, vocab_size):
                break
        if not joined:
            for field in range(entry.size):
                loops[count, field] = entry[field]
            count += 1
    return loops[:count].copy()


@compiled
def _extend(loop: Integers, entry: Integers) -> bool:
    """Add an entry to a loop as its next row; gives whether it is the next row."""
    for field in _SAME:
        if loop[field] != entry[field]:
            return False
    rows = loop[_ROWS]
    if loop[_ORDER] >= 0:
        step = entry[_FIRST] - loop[_FIRST] - (rows - 1) * loop[_STEP]
        if rows > 1 and step != loop[_STEP]:
            return False
        for place, distance in zip(_PLACES, _DISTANCES):  # noqa: B905 (Numba knows no strict)
            if loop[place] != entry[place] or loop[distance] != entry[distance]:
                return False
        loop[_STEP] = step
    elif rows == 1:
        for place, distance in zip(_PLACES, _DISTANCES):  # noqa: B905
            loop[distance] = entry[place] - loop[place]
    else:
        for place, distance in zip(_PLACES, _DISTANCES):  # noqa: B905
            if loop[distance] * rows != entry[place] - loop[place]:
                return False
    loop[_ROWS] += 1
    return True


@compiled
def _touch(
    loop: Integers, entry: Integers, offsets: Integers, num_slots: int, vocab_size: int
) -> bool:
    """Whether a loop and an entry may share a slot that is no constant."""
    for its_place, its_distance in zip(_PLACES, _DISTANCES):  # noqa: B905
        slot = entry[its_place]
        if entry[_ORDER] >= 0:
            slot += entry[_FIRST] * entry[its_distance]
        if not NOWHERE < slot < num_slots:
            continue
        for place, distance in zip(_PLACES, _DISTANCES):  # noqa: B905
            if loop[place] != NOWHERE and _lies_in(
                loop, place, loop[distance], slot, entry[_ORDER], offsets, vocab_size
            ):
                return True
    return False


@compiled
def _lies_in(
    loop: Integers,
    place: int,
    distance: int,
    slot: int,
    order: int,
    offsets: Integers,
    vocab_size: int,
) -> bool:
    """Whether a loop whose rows are `distance` apart may use this slot at a place.

    Loops with the same `order` visit the same rows. A loop with another order, or without one,
    may visit any row.
    """
    rows, length = loop[_ROWS], loop[_LENGTH]
    away = slot - loop[place]
    single = length == 1 or place == _OUT
    if 0 <= loop[_ORDER] == order and single:
        for i in range(rows):  # noqa: SIM110 (Numba knows no any)
            if away == (loop[_FIRST] + i * loop[_STEP]) * distance:
                return True
        return False
    if loop[_ORDER] >= 0:
        rows = vocab_size
    if single:
        if distance == 0:
            return bool(away == 0)
        return bool(away % distance == 0 and 0 <= away // distance < rows)
    stride, table = loop[_B_STRIDE], loop[_B_TABLE]
    if place == _A:
        stride, table = loop[_A_STRIDE], loop[_A_TABLE]
    low, high = min(0, (length - 1) * stride), max(0, (length - 1) * stride)
    if table >= 0:
        low = high = offsets[table]
        for k in range(1, length):
            low, high = min(low, offsets[table + k]), max(high, offsets[table + k])
    across = (rows - 1) * distance
    return bool(low + min(0, across) <= away <= high + max(0, across))
