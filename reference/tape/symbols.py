"""Symbols: values that compute nothing, and record the operations of the program instead.

When the canonical program runs over symbols, it records one instruction for each whole dot
product or sum, and one for every other operation. The result of each instruction has its own
*slot*. First come the slots of the parameters, in the order of their `state_dict`, then those of
the results, in the order of recording, then those of the constants.

Tokens are not known when a program is recorded. A `Token` stands for each of them: the address
of a row that it looks up, or of a value that it picks, depends on the token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import overload

from ..value import Value


class Op(IntEnum):
    """The operation of an instruction; `SUM`, `DOT` and `MAX` take whole rows."""

    ADD = 0
    MUL = 1
    POW = 2
    EXP = 3
    LOG = 4
    RELU = 5
    SUM = 6
    DOT = 7
    MAX = 8


class Token(int):
    """Stands for the `place`-th token of a document; used as a number, it is token 0."""

    place: int

    def __new__(cls, place: int) -> Token:
        """The token at a place in the document."""
        token = super().__new__(cls, 0)
        token.place = place
        return token


@dataclass(frozen=True, slots=True)
class Operand:
    """The slots where an instruction finds an operand.

    The k-th element is at `slot + k * stride`, or at `slot + offsets[k]` if there are offsets.
    If `token` is not negative, `pitch` times the token at that place is added. No gradient
    flows into an operand that `is_constant`.
    """

    slot: int
    stride: int = 0
    offsets: tuple[int, ...] = ()
    token: int = -1
    pitch: int = 0
    is_constant: bool = False

    def slots(self, length: int) -> Sequence[int]:
        """The slots of all elements, if the token is 0."""
        if self.offsets:
            return [self.slot + offset for offset in self.offsets]
        return [self.slot + k * self.stride for k in range(length)]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One operation, its operands, and for row operations the number of their elements."""

    op: Op
    a: Operand
    b: Operand | None = None
    length: int = 1


@dataclass(frozen=True, slots=True)
class Alike:
    """Marks an instruction as one of several similar ones, one for each vocabulary token.

    The token at place `token` picks one of them; this is the one of `row`. `bases` are the
    slots of result and operands for row 0, `strides` their distances from row to row.
    """

    token: int
    row: int
    bases: tuple[int, int, int]
    strides: tuple[int, int, int]


class Unrecordable(Exception):
    """A program does something that no tape can hold; the message says what."""


@dataclass
class Recorder:
    """Collects the instructions of a program in order."""

    num_params: int
    instructions: list[Instruction] = field(default_factory=list)
    constants: dict[float, int] = field(default_factory=dict)
    alike: dict[int, Alike] = field(default_factory=dict)
    _constant_results: dict[Instruction, Symbol] = field(default_factory=dict)
    _rows: dict[int, tuple[Sequence[Value], Operand | None]] = field(default_factory=dict)

    def result(self, instruction: Instruction, *, is_constant: bool) -> Symbol:
        """The result of a new instruction; equal constant instructions are recorded once."""
        if is_constant and instruction in self._constant_results:
            return self._constant_results[instruction]
        slot = self.num_params + len(self.instructions)
        self.instructions.append(instruction)
        symbol = Symbol(self, Operand(slot, is_constant=is_constant))
        if is_constant:
            self._constant_results[instruction] = symbol
        return symbol

    def constant(self, number: float) -> Operand:
        """The operand of a constant; its slot is negative until the tape is complete."""
        index = self.constants.setdefault(float(number), len(self.constants))
        return Operand(-1 - index, is_constant=True)

    def instruction_at(self, slot: int) -> Instruction | None:
        """The instruction whose result is in a slot; None for parameters and constants."""
        return self.instructions[slot - self.num_params] if slot >= self.num_params else None

    def row(self, symbols: Sequence[Value]) -> Operand | None:
        """All symbols of a sequence as one operand, or None if no operand has that form."""
        if isinstance(symbols, Row):
            return symbols.operand
        known = self._rows.get(id(symbols))
        if known is None or known[0] is not symbols:
            known = self._rows[id(symbols)] = (symbols, row_of(symbols))
        return known[1]

    def pick(self, symbols: Sequence[Value], token: Token) -> Symbol:
        """The symbol that a token picks from `symbols`, of which there is one for each token.

        Raises:
            Unrecordable: the symbols are not computed by similar instructions.
        """
        row = self.row(symbols)
        if row is None or row.offsets or row.token >= 0:
            raise Unrecordable("a token picks from values that lie at no regular distance")
        if row.slot >= self.num_params:
            self._mark_alike(list(row.slots(len(symbols))), token.place)
        operand = Operand(row.slot, token=token.place, pitch=row.stride)
        return Symbol(self, operand)

    def _mark_alike(self, slots: list[int], token: int) -> None:
        """Mark the instructions of these slots, and those of their operands that differ by row."""
        first = self.instruction_at(slots[0])
        if first is None:
            return
        same = [self.instruction_at(slot) for slot in slots]
        if any(i is None or (i.op, i.length) != (first.op, first.length) for i in same):
            raise Unrecordable("a token picks from values that are not computed alike")
        columns = [slots]
        for name in ("a", "b"):
            operands = [getattr(instruction, name) for instruction in same]
            columns.append([0 if o is None else o.slot for o in operands])
        strides = tuple(_stride(column) for column in columns)
        if None in strides:
            raise Unrecordable("a token picks from values whose operands are not alike")
        bases = tuple(column[0] for column in columns)
        for row, slot in enumerate(slots):
            alike = Alike(token, row, bases, strides)  # type: ignore[arg-type]
            if self.alike.setdefault(slot, alike) != alike:
                raise Unrecordable("two tokens pick from the same values")
        for column, stride in zip(columns[1:], strides[1:], strict=True):
            if stride:
                self._mark_alike(column, token)

    def mark_users_alike(self, vocab_size: int) -> None:
        """Mark the instructions, one for each row, that use marked instructions.

        Raises:
            Unrecordable: their operands are not at regular distances.
        """
        new = list(self.alike)
        while new:
            users: dict[tuple[Op, int, int, int], list[list[int]]] = {}
            marked = set(new)
            for slot, instruction in enumerate(self.instructions, self.num_params):
                if instruction.length > 1 or slot in self.alike:
                    continue
                for place, operand in enumerate((instruction.a, instruction.b)):
                    if operand is not None and operand.token < 0 and operand.slot in marked:
                        of = self.alike[operand.slot]
                        key = (instruction.op, place, of.token, of.bases[0])
                        rows = users.setdefault(key, [[] for _ in range(vocab_size)])
                        rows[of.row].append(slot)
                        break
            new = []
            for (_, _, token, _), rows in users.items():
                if any(len(row) != len(rows[0]) for row in rows):
                    raise Unrecordable("values of which a token picks one are not used alike")
                for slots in zip(*rows, strict=True):
                    new += slots
                    self._mark_alike(list(slots), token)


def _stride(numbers: Sequence[int]) -> int | None:
    """The constant distance between successive numbers, or None."""
    if len(numbers) == 1:
        return 0
    stride = numbers[1] - numbers[0]
    regular = range(numbers[0], numbers[0] + stride * len(numbers), stride) if stride else None
    if regular is None:
        return 0 if len(set(numbers)) == 1 else None
    return stride if list(regular) == list(numbers) else None


def row_of(symbols: Sequence[Value]) -> Operand | None:
    """The symbols as one operand; None if one occurs twice, or depends on another token."""
    operands = [symbol.operand for symbol in symbols if isinstance(symbol, Symbol)]
    slots = [operand.slot for operand in operands]
    first = operands[0]
    if len(set(slots)) != len(symbols) or min(slots) < 0:
        return None
    if any((o.token, o.pitch) != (first.token, first.pitch) for o in operands):
        return None
    is_constant = all(operand.is_constant for operand in operands)
    stride = _stride(slots)
    if stride is not None:
        return Operand(slots[0], stride, (), first.token, first.pitch, is_constant)
    offsets = tuple(slot - slots[0] for slot in slots)
    return Operand(slots[0], 0, offsets, first.token, first.pitch, is_constant)


class Symbol(Value):
    """A value of which only the place is known."""

    __slots__ = ("operand", "recorder")

    def __init__(self, recorder: Recorder, operand: Operand) -> None:
        self.recorder = recorder
        self.operand = operand

    def __repr__(self) -> str:
        return f"Symbol({self.operand})"

    def _operand_of(self, other: Value | float) -> Operand:
        return other.operand if isinstance(other, Symbol) else self.recorder.constant(other)  # type: ignore[arg-type]

    def _binary(self, op: Op, other: Value | float) -> Symbol:
        a, b = self.operand, self._operand_of(other)
        is_constant = a.is_constant and b.is_constant
        return self.recorder.result(Instruction(op, a, b), is_constant=is_constant)

    def _unary(self, op: Op) -> Symbol:
        a = self.operand
        return self.recorder.result(Instruction(op, a), is_constant=a.is_constant)

    def __add__(self, other: Value | float) -> Symbol:
        return self._binary(Op.ADD, other)

    def __mul__(self, other: Value | float) -> Symbol:
        return self._binary(Op.MUL, other)

    def __pow__(self, exponent: float) -> Symbol:
        self.recorder.constant(exponent - 1)  # for the local gradient
        return self._binary(Op.POW, exponent)

    def exp(self) -> Symbol:
        """An instruction for `exp`."""
        return self._unary(Op.EXP)

    def log(self) -> Symbol:
        """An instruction for `log`."""
        return self._unary(Op.LOG)

    def relu(self) -> Symbol:
        """An instruction for `relu`."""
        return self._unary(Op.RELU)

    @classmethod
    def total(cls, terms: Sequence[Value]) -> Value:
        """One instruction for the whole sum."""
        recorder, row = _recorder_of(terms), _recorder_of(terms).row(terms)
        if row is None:
            return super().total(terms)
        instruction = Instruction(Op.SUM, row, None, len(terms))
        return recorder.result(instruction, is_constant=row.is_constant)

    @classmethod
    def dot(cls, ws: Sequence[Value], xs: Sequence[Value]) -> Value:
        """One instruction for the whole dot product."""
        recorder = _recorder_of(xs)
        a, b = recorder.row(ws), recorder.row(xs)
        if a is None or b is None:
            return super().dot(ws, xs)
        is_constant = a.is_constant and b.is_constant
        return recorder.result(Instruction(Op.DOT, a, b, len(xs)), is_constant=is_constant)

    @classmethod
    def maximum(cls, values: Sequence[Value]) -> Symbol:
        """One instruction for the largest value, through which no gradient flows."""
        return cls._largest(values, is_constant=True)

    def detached(self) -> Symbol:
        """The same value as a constant, through which no gradient flows."""
        return Symbol(self.recorder, replace(self.operand, is_constant=True))

    @classmethod
    def live_maximum(cls, values: Sequence[Value]) -> Symbol:
        """One instruction for the largest value, which passes its gradient on."""
        return cls._largest(values, is_constant=False)

    @classmethod
    def _largest(cls, values: Sequence[Value], *, is_constant: bool) -> Symbol:
        recorder, row = _recorder_of(values), _recorder_of(values).row(values)
        if row is None:
            raise Unrecordable("the maximum of values that have no common form")
        instruction = Instruction(Op.MAX, row, None, len(values))
        return recorder.result(instruction, is_constant=is_constant)

    @classmethod
    def pick(cls, values: Sequence[Value], token: int) -> Value:
        """The value that a token picks."""
        if isinstance(token, Token):
            return _recorder_of(values).pick(values, token)
        return values[token]


def _recorder_of(symbols: Sequence[Value]) -> Recorder:
    first = symbols[0]
    assert isinstance(first, Symbol)
    return first.recorder


class Row(Sequence[Value]):
    """A row of a weight matrix."""

    def __init__(self, recorder: Recorder, operand: Operand, length: int) -> None:
        self.recorder = recorder
        self.operand = operand
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Value]:
        return iter(self[:])

    @overload
    def __getitem__(self, index: int) -> Value: ...
    @overload
    def __getitem__(self, index: slice) -> list[Value]: ...
    def __getitem__(self, index: int | slice) -> Value | list[Value]:
        if isinstance(index, slice):
            return [self[k] for k in range(self.length)[index]]
        o = self.operand
        at = o.slot + range(self.length)[index]
        return Symbol(self.recorder, Operand(at, token=o.token, pitch=o.pitch))


class SymbolicMatrix(Sequence[Row]):
    """A weight matrix, in which a `Token` looks up its row."""

    def __init__(self, recorder: Recorder, slot: int, shape: tuple[int, int]) -> None:
        self.recorder = recorder
        self.slot = slot
        self.shape = shape

    def __len__(self) -> int:
        return self.shape[0]

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        rows, width = self.shape
        if isinstance(index, slice):
            return [self[k] for k in range(rows)[index]]
        if isinstance(index, Token):
            operand = Operand(self.slot, 1, (), index.place, width)
        else:
            operand = Operand(self.slot + range(rows)[index] * width, 1)
        return Row(self.recorder, operand, width)
