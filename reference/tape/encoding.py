"""Encodes recorded instructions as the entries of a tape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .rolling import NOWHERE, rolled
from .symbols import Alike, Op, Operand, Recorder
from .tape import Field, Integers


class Encoder:
    """Encodes instructions; rows without a constant stride share a table of offsets."""

    def __init__(self, recorder: Recorder, vocab_size: int) -> None:
        self.recorder = recorder
        self.vocab_size = vocab_size
        self.num_slots = recorder.num_params + len(recorder.instructions)
        self._tables: dict[tuple[int, ...], int] = {}
        self._offsets: list[int] = []
        self._numbers = list(recorder.constants)

    @property
    def tables(self) -> Integers:
        """The offsets of all rows without a constant stride, one row after the other."""
        return np.array([*self._offsets, 0], dtype=np.int64)

    def code(self, slots: Iterable[int]) -> Integers:
        """The code of the instructions with these result slots, in order, rolled into loops."""
        entries = [self._entry(slot) for slot in slots]
        code = np.array(entries, dtype=np.int32).reshape(-1, len(Field))
        loops: Integers = rolled(code, self.tables, self.num_slots, self.vocab_size)
        return loops

    def place(self, slot: int) -> int:
        """The final position of a slot: constants come last."""
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
