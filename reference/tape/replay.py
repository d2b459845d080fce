"""Replays a tape with Numba, forward and backward, in the precision of the given arrays.

Sums are taken in the scalar program's order, and nothing is fused. So each slot gets the scalar
program's value in float64, bit for bit. Numba's `exp`, `log` and `pow` are those of the C
library, as CPython's are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .kernels import compiled
from .symbols import Op
from .tape import Field, Integers

OP, ROWS, FIRST, STEP, ORDER = (int(Field[f]) for f in ("OP", "ROWS", "FIRST", "STEP", "ORDER"))
OUT, OUT_ROW, LENGTH, LESS_ONE = (int(Field[f]) for f in ("OUT", "OUT_ROW", "LENGTH", "LESS_ONE"))
A, A_ROW, A_STRIDE, A_TABLE, A_TOKEN, A_PITCH, A_GRAD = (
    int(f) for f in Field if f.name.startswith("A")
)
B, B_ROW, B_STRIDE, B_TABLE, B_TOKEN, B_PITCH, B_GRAD = (
    int(f) for f in Field if f.name.startswith("B")
)
ADD, MUL, POW, EXP, LOG, RELU, SUM, DOT, MAX = (int(op) for op in Op)

Floats = Any
"""A one-dimensional array of float64 or float32, with one element for each slot."""

Slot = np.uint64
"""The type of indices; with signed ones, Numba would check for counting from the end."""


@compiled
def walk_orders(tokens: Integers, vocab_size: int) -> Integers:
    """For each token, the order in which the vocabulary is walked: the token's row first."""
    orders = np.empty((tokens.size, vocab_size), np.int64)
    for place in range(tokens.size):
        orders[place, 0] = tokens[place]
        for row in range(1, vocab_size):
            orders[place, row] = row - 1 if row <= tokens[place] else row
    return orders


@compiled
def _at(e: Integers, base: int, token: int, pitch: int, tokens: Integers) -> Any:
    if e[token] >= 0:
        return Slot(e[base] + e[pitch] * tokens[e[token]])
    return Slot(e[base])


@compiled
def _element(tables: Integers, table: int, stride: Any, k: Any) -> Any:
    """The distance of the k-th element of a row from the row's slot."""
    return k * stride if table < 0 else Slot(tables[Slot(table) + k])


@compiled
def forward(
    code: Integers, tables: Integers, tokens: Integers, orders: Integers, x: Floats
) -> None:
    """Compute every slot from the parameters and constants in `x`."""
    zero = x.dtype.type(0)
    for entry in range(code.shape[0]):
        e = code[entry]
        op, rows, length = e[OP], e[ROWS], Slot(e[LENGTH])
        a = _at(e, A, A_TOKEN, A_PITCH, tokens)
        b = _at(e, B, B_TOKEN, B_PITCH, tokens)
        a_row, b_row = Slot(e[A_ROW]), Slot(e[B_ROW])
        out, out_row = Slot(e[OUT]), Slot(e[OUT_ROW])
        a_stride, a_table = Slot(e[A_STRIDE]), e[A_TABLE]
        b_stride, b_table = Slot(e[B_STRIDE]), e[B_TABLE]
        for i in range(rows):
            index = Slot(i)
            if e[ORDER] >= 0:
                index = Slot(orders[e[ORDER], e[FIRST] + i * e[STEP]])
            p, q, o = a + index * a_row, b + index * b_row, out + index * out_row
            if op == DOT:
                total = zero
                if a_stride == 1 and b_stride == 1:
                    for k in range(length):
                        total += x[p + k] * x[q + k]
                else:
                    for k in range(length):
                        total += (
                            x[p + _element(tables, a_table, a_stride, k)]
                            * x[q + _element(tables, b_table, b_stride, k)]
                        )
                x[o] = total
            elif op == ADD:
                x[o] = x[p] + x[q]
            elif op == MUL:
                x[o] = x[p] * x[q]
            elif op == POW:
                x[o] = x[p] ** x[q]
            elif op == EXP:
                x[o] = math.exp(x[p])
            elif op == LOG:
                x[o] = math.log(x[p])
            elif op == RELU:
                x[o] = max(zero, x[p])
            elif op == SUM:
                total = zero
                for k in range(length):
                    total += x[p + _element(tables, a_table, a_stride, k)]
                x[o] = total
            else:
                x[o] = x[_largest(x, p, tables, a_table, a_stride, length)]


@compiled
def _largest(x: Floats, a: Any, tables: Integers, table: int, stride: Any, length: Any) -> Any:
    """The slot of the largest element, the first one among equals."""
    best = a
    for k in range(Slot(1), length):
        at = a + _element(tables, table, stride, k)
        if x[at] > x[best]:
            best = at
    return best


@compiled
def backward(
    code: Integers, tables: Integers, tokens: Integers, orders: Integers, x: Floats, g: Floats
) -> None:
    """Add to `g` the derivatives, by every slot, of the slot whose gradient is initially 1."""
    zero = x.dtype.type(0)
    one = x.dtype.type(1)
    for entry in range(code.shape[0]):
        e = code[entry]
        op, rows, length = e[OP], e[ROWS], Slot(e[LENGTH])
        a = _at(e, A, A_TOKEN, A_PITCH, tokens)
        b = _at(e, B, B_TOKEN, B_PITCH, tokens)
        a_row, b_row = Slot(e[A_ROW]), Slot(e[B_ROW])
        out, out_row = Slot(e[OUT]), Slot(e[OUT_ROW])
        a_stride, a_table = Slot(e[A_STRIDE]), e[A_TABLE]
        b_stride, b_table = Slot(e[B_STRIDE]), e[B_TABLE]
        a_grad, b_grad = e[A_GRAD], e[B_GRAD]
        for i in range(rows):
            index = Slot(i)
            if e[ORDER] >= 0:
                index = Slot(orders[e[ORDER], e[FIRST] + i * e[STEP]])
            p, q, o = a + index * a_row, b + index * b_row, out + index * out_row
            go = g[o]
            if op == DOT:
                if a_stride == 1 and b_stride == 1 and p != q and a_grad and b_grad:
                    for k in range(length):
                        g[p + k] += x[q + k] * go
                        g[q + k] += x[p + k] * go
                elif a_stride == 1 and b_stride == 1:
                    if a_grad:
                        for k in range(length):
                            g[p + k] += x[q + k] * go
                    if b_grad:
                        for k in range(length):
                            g[q + k] += x[p + k] * go
                else:
                    for k in range(length):
                        i_a = p + _element(tables, a_table, a_stride, k)
                        i_b = q + _element(tables, b_table, b_stride, k)
                        if a_grad:
                            g[i_a] += x[i_b] * go
                        if b_grad:
                            g[i_b] += x[i_a] * go
            elif op == ADD:
                if a_grad:
                    g[p] += go
                if b_grad:
                    g[q] += go
            elif op == MUL:
                if a_grad:
                    g[p] += x[q] * go
                if b_grad:
                    g[q] += x[p] * go
            elif op == POW:
                g[p] += x[q] * x[p] ** x[Slot(e[LESS_ONE])] * go
            elif op == EXP:
                g[p] += x[o] * go
            elif op == LOG:
                g[p] += one / x[p] * go
            elif op == RELU:
                g[p] += (one if x[p] > zero else zero) * go
            elif op == SUM:
                for k in range(length):
                    g[p + _element(tables, a_table, a_stride, k)] += go
            else:
                g[_largest(x, p, tables, a_table, a_stride, length)] += go


@compiled
def evaluate(
    code_forward: Integers, code_backward: Integers, tables: Integers, constants: Floats,
    loss: int, tokens: Integers, vocab_size: int, params: Floats, x: Floats, g: Floats,
) -> None:  # fmt: skip
    """Fill `x` with the values of all slots and `g` with the derivatives of `loss` by them."""
    for k in range(params.size):
        x[k] = params[k]
    for k in range(constants.size):
        x[x.size - constants.size + k] = constants[k]
    orders = walk_orders(tokens, vocab_size)
    forward(code_forward, tables, tokens, orders, x)
    g[:] = x.dtype.type(0)
    g[loss] = x.dtype.type(1)
    backward(code_backward, tables, tokens, orders, x, g)
