"""Encoding: from recorded instructions to the entries of a tape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .symbols import Alike, Op, Operand, Recorder
from .tape import Field, Integers

NOWHERE = -1
"""The slot of an operand that an operation does not take."""

LOOK_BACK = 4
"""How many loops back an instruction may join."""


class Encoder:
    """Turns instructions into code; row operands without a stride share a table of offsets."""

    def __init__(self, recorder: Recorder, vocab_size: int) -> None:
        self.recorder = recorder
        self.vocab_size = vocab_size
        self.num_slots = recorder.num_params + len(recorder.instructions)
        self._tables: dict[tuple[int, ...], int] = {}
        self._offsets: list[int] = []
        self._numbers = list(recorder.constants)

    @property
    def tables(self) -> Integers:
        """The offsets of all rows without a stride, one after the other."""
        return np.array([*self._offsets, 0], dtype=np.int64)

    def code(self, slots: Iterable[int]) -> Integers:
        """The instructions of these slots, in this order, rolled into loops.

        An instruction may join a loop ahead of others that it has nothing to do with.
        """
        entries: list[list[int]] = []
        for slot in slots:
            entry = self._entry(slot)
            for loop in reversed(entries[-LOOK_BACK:]):
                if _extend(loop, entry):
                    break
                if entry[Field.LENGTH] > 1 or self._touch(loop, entry):
                    entries.append(entry)
                    break
            else:
                entries.append(entry)
        return np.array(entries, dtype=np.int32).reshape(-1, len(Field))

    def _touch(self, loop: list[int], entry: list[int]) -> bool:
        """Whether a loop and an entry may have a slot in common, constants aside."""
        if entry[Field.ORDER] >= 0:
            rows = entry[Field.FIRST]
            slots = [entry[p] + rows * entry[r] for p, r in zip(_PLACES, _ROWS, strict=True)]
        else:
            slots = [entry[place] for place in _PLACES]
        return any(
            self._lies_in(loop, place, row, slot, entry[Field.ORDER])
            for place, row in zip(_PLACES, _ROWS, strict=True)
            if loop[place] != NOWHERE
            for slot in slots
            if NOWHERE < slot < self.num_slots
        )

    def _lies_in(self, loop: list[int], place: int, row: int, slot: int, order: int) -> bool:
        """Whether a slot may be one that a loop has at a place.

        What is walked in the same `order` is looked up in the same rows, whichever they are;
        of what is walked in another one, or in none, any row may be meant.
        """
        rows, distance = loop[Field.ROWS], loop[row]
        away = slot - loop[place]
        if 0 <= loop[Field.ORDER] == order and (loop[Field.LENGTH] == 1 or place == Field.OUT):
            first, step = loop[Field.FIRST], loop[Field.STEP]
            return any(away == (first + i * step) * distance for i in range(rows))
        if loop[Field.ORDER] >= 0:
            rows = self.vocab_size
        if loop[Field.LENGTH] == 1 or place == Field.OUT:
            if distance == 0:
                return away == 0
            return away % distance == 0 and 0 <= away // distance < rows
        stride, table = (
            (loop[Field.A_STRIDE], loop[Field.A_TABLE])
            if place == Field.A
            else (loop[Field.B_STRIDE], loop[Field.B_TABLE])
        )
        length = loop[Field.LENGTH]
        along = self._offsets[table : table + length] if table >= 0 else (0, (length - 1) * stride)
        across = (0, (rows - 1) * distance)
        return min(along) + min(across) <= away <= max(along) + max(across)

    def place(self, slot: int) -> int:
        """Where a slot is in the end: constants come last."""
        return slot if slot >= 0 else self.num_slots - 1 - slot

    def _entry(self, slot: int) -> list[int]:
        instruction = self.recorder.instructions[slot - self.recorder.num_params]
        alike = self.recorder.alike.get(slot)
        bases, rows = self._bases(slot, instruction.a, instruction.b, alike)
        return [
            instruction.op, 1, alike.row if alike else 0, 1, alike.token if alike else -1,
            bases[0], rows[0],
            *self._operand(instruction.a, bases[1], rows[1]),
            *self._operand(instruction.b, bases[2], rows[2]),
            instruction.length,
            self._less_one(instruction.op, instruction.b),
        ]  # fmt: skip

    def _bases(
        self, slot: int, a: Operand, b: Operand | None, alike: Alike | None
    ) -> tuple[Sequence[int], Sequence[int]]:
        if alike:
            return [self.place(base) for base in alike.bases], alike.strides
        places = [self.place(slot), self.place(a.slot), self.place(b.slot) if b else NOWHERE]
        return places, (0, 0, 0)

    def _operand(self, operand: Operand | None, base: int, row: int) -> list[int]:
        if operand is None:
            return [NOWHERE, 0, 0, -1, -1, 0, 0]
        table = -1
        if operand.offsets:
            known = self._tables.setdefault(operand.offsets, len(self._offsets))
            if known == len(self._offsets):
                self._offsets += operand.offsets
            table = known
        return [
            base, row, operand.stride, table, operand.token, operand.pitch,
            int(not operand.is_constant),
        ]  # fmt: skip

    def _less_one(self, op: Op, exponent: Operand | None) -> int:
        if op is not Op.POW or exponent is None:
            return 0
        return self.place(-1 - self.recorder.constants[self._numbers[-1 - exponent.slot] - 1])


_PLACES = (Field.OUT, Field.A, Field.B)
_ROWS = (Field.OUT_ROW, Field.A_ROW, Field.B_ROW)
_SAME = [
    field
    for field in Field
    if field not in (*_PLACES, *_ROWS, Field.ROWS, Field.FIRST, Field.STEP)
]  # fmt: skip


def _extend(loop: list[int], entry: list[int]) -> bool:
    """Make an entry the next row of a loop, if it is that."""
    if any(loop[field] != entry[field] for field in _SAME):
        return False
    rows = loop[Field.ROWS]
    if loop[Field.ORDER] >= 0:
        step = entry[Field.FIRST] - loop[Field.FIRST] - (rows - 1) * loop[Field.STEP]
        if any(loop[f] != entry[f] for f in (*_PLACES, *_ROWS)) or (
            rows > 1 and step != loop[Field.STEP]
        ):
            return False
        loop[Field.STEP] = step
    else:
        moves = [entry[place] - loop[place] for place in _PLACES]
        if rows == 1:
            for row, move in zip(_ROWS, moves, strict=True):
                loop[row] = move
        elif any(loop[row] * rows != move for row, move in zip(_ROWS, moves, strict=True)):
            return False
    loop[Field.ROWS] += 1
    return True
