"""The canonical order of instructions: that of the depth-first walk of the scalar program.

The scalar walk enters the factors of a dot product in turn. So a row instruction is walked as
one node whose children are the elements of its rows, in turn. The scalar nodes within it have
no other parents, and its backward pass can run at once when its gradient is complete. All
gradients then accumulate in the scalar program's order, provided that no element of a row
depends on another one. Property tests compare the result with the scalar program.
"""

from __future__ import annotations

from .symbols import Instruction, Op, Operand, Recorder


def topological_order(recorder: Recorder, root: int) -> list[int]:
    """The slots of all instructions that receive a gradient from `root`, children first."""
    first = recorder.num_params
    instructions = recorder.instructions
    order: list[int] = []
    entered: set[int] = set()
    rows_entered: set[Operand] = set()
    # Items are a slot to enter, a slot to leave (~slot), or a row whose elements to enter.
    stack: list[int | tuple[Operand, int]] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            operand, length = item
            if operand not in rows_entered:
                rows_entered.add(operand)
                stack += reversed(operand.slots(length))
        elif item < 0:
            order.append(~item)
        elif item >= first and item not in entered:
            entered.add(item)
            stack.append(~item)
            stack += reversed(_children(instructions[item - first], first))
    return order


def _children(instruction: Instruction, first: int) -> list[int | tuple[Operand, int]]:
    """The children of an instruction, in the order of the walk; leaves may be missing."""
    a, b, length = instruction.a, instruction.b, instruction.length
    walked = [o for o in (a, b) if o is not None and not o.is_constant and o.slot >= first]
    if instruction.op not in (Op.SUM, Op.DOT, Op.MAX):
        return [operand.slot for operand in walked]
    if len(walked) == 2 and a != b:
        pairs = zip(*(operand.slots(length) for operand in walked), strict=True)
        return [slot for pair in pairs for slot in pair]
    return [(operand, length) for operand in walked[:1]]


def needed(recorder: Recorder, roots: list[int]) -> list[int]:
    """The slots of all instructions from which the roots are computed, in recorded order."""
    first = recorder.num_params
    wanted = set()
    stack = list(roots)
    rows: set[tuple[Operand, int]] = set()
    while stack:
        slot = stack.pop()
        if slot < first or slot in wanted:
            continue
        wanted.add(slot)
        instruction = recorder.instructions[slot - first]
        for operand in (instruction.a, instruction.b):
            if operand is not None and (operand, instruction.length) not in rows:
                rows.add((operand, instruction.length))
                stack += operand.slots(instruction.length)
    return sorted(wanted)
