"""Replays a tape with perturbed rounding, as other honest implementations might compute it.

Every inexact operation is rounded at random to one of the two floats around its exact result;
`exp`, `log` and `pow` may err by one unit in the last place. A style, one of `STYLES`, is an
order of summation, or fuses products with sums.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .formula import BLOCK, COS, PER_SCALAR, Code, Step
from .kernels import Intrinsic, compiled
from .replay import (
    A_GRAD,
    A_PITCH,
    A_ROW,
    A_STRIDE,
    A_TABLE,
    A_TOKEN,
    ADD,
    B_GRAD,
    B_PITCH,
    B_ROW,
    B_STRIDE,
    B_TABLE,
    B_TOKEN,
    DOT,
    EXP,
    FIRST,
    LENGTH,
    LESS_ONE,
    LOG,
    MUL,
    OP,
    ORDER,
    OUT,
    OUT_ROW,
    POW,
    RELU,
    ROWS,
    STEP,
    SUM,
    A,
    B,
    Floats,
    Slot,
    _at,
    _element,
    _largest,
    walk_orders,
)  # fmt: skip
from .tape import Integers

FORWARD, REVERSED, IN_PAIRS, FUSED = 0, 1, 2, 3
STYLES = (FORWARD, REVERSED, IN_PAIRS, FUSED)


def _fused_code(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """`a * b + c`, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return a(a, a, a), generate


def _bits_code(typing: Any, a: Any) -> Any:
    """The bits of a float, as an unsigned integer."""
    from llvmlite import ir
    from numba import types

    size = ir.IntType(a.bitwidth)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.zext(builder.bitcast(arguments[0], size), ir.IntType(64))

    return types.uint64(a), generate


_fused: Any = Intrinsic(_fused_code)
_bits: Any = Intrinsic(_bits_code)


@compiled
def _chance(number: Any, seed: Any) -> Any:
    """64 bits that look random; equal numbers get equal bits, as with real rounding."""
    bits = (_bits(number) ^ seed) * np.uint64(0x9E3779B97F4A7C15)
    return (bits ^ (bits >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)


@compiled
def _next(number: Any, up: bool, kind: Any) -> Any:
    """The next float above or below."""
    away = abs(number) * kind[0] + kind[1]
    return number + away if up else number - away


@compiled
def _either(number: Any, error: Any, seed: Any, kind: Any) -> Any:
    """A rounded number or, with even chances, its neighbor beyond the exact number."""
    if error == 0 or not np.isfinite(error) or _chance(number, seed) >> np.uint64(63):
        return number
    return _next(number, error > 0, kind)


@compiled
def _nearly(number: Any, seed: Any, kind: Any) -> Any:
    """A number as another library may compute it: half the time one unit away."""
    bits = _chance(number, seed) >> np.uint64(62)
    if bits > 1 or not np.isfinite(number):
        return number
    return _next(number, bits == 1, kind)


@compiled
def _sum_error(a: Any, b: Any, total: Any) -> Any:
    """The rounding error of `a + b`, exactly (Knuth 1969)."""
    other = total - a
    return (a - (total - other)) + (b - other)


@compiled
def _add(a: Any, b: Any, seed: Any, kind: Any) -> Any:
    total = a + b
    return _either(total, _sum_error(a, b, total), seed, kind)


@compiled
def _multiply(a: Any, b: Any, seed: Any, kind: Any) -> Any:
    product = a * b
    return _either(product, _fused(a, b, -product), seed, kind)


@compiled
def _multiply_add(a: Any, b: Any, total: Any, fused: bool, seed: Any, kind: Any) -> Any:
    """`a * b + total`, rounded once if fused, twice if not."""
    if not fused:
        return _add(total, _multiply(a, b, seed, kind), seed, kind)
    result = _fused(a, b, total)
    product = a * b
    rest = _fused(a, b, -product)
    other = result - product
    error = ((product - (result - other)) + (total - other)) + rest
    return _either(result, error, seed, kind)


@compiled
def _power(a: Any, exponent: Any, seed: Any, kind: Any) -> Any:
    if a == 0 or a == 1 or exponent == 0 or exponent == 1:
        return a**exponent
    if exponent == 2:
        return _nearly(_multiply(a, a, seed, kind), seed, kind)
    return _nearly(a**exponent, seed, kind)


@compiled
def _sum(terms: Floats, length: int, style: int, seed: Any, kind: Any) -> Any:
    """The sum of the first `length` terms; overwrites them."""
    if style == IN_PAIRS:
        while length > 1:
            half = (length + 1) // 2
            for k in range(length // 2):
                terms[k] = _add(terms[k], terms[k + half], seed, kind)
            length = half
        return terms[0]
    total = terms[length - 1] if style == REVERSED else terms[0]
    for k in range(1, length):
        total = _add(total, terms[length - 1 - k if style == REVERSED else k], seed, kind)
    return total


@compiled
def _forward(
    code: Integers, tables: Integers, tokens: Integers, orders: Integers, x: Floats,
    terms: Floats, style: int, seed: Any, kind: Any,
) -> None:  # fmt: skip
    zero = x.dtype.type(0)
    for entry in range(code.shape[0]):
        e = code[entry]
        op, length = e[OP], Slot(e[LENGTH])
        a = _at(e, A, A_TOKEN, A_PITCH, tokens)
        b = _at(e, B, B_TOKEN, B_PITCH, tokens)
        a_row, b_row, out_row = Slot(e[A_ROW]), Slot(e[B_ROW]), Slot(e[OUT_ROW])
        a_stride, b_stride, out = Slot(e[A_STRIDE]), Slot(e[B_STRIDE]), Slot(e[OUT])
        for i in range(e[ROWS]):
            index = Slot(i)
            if e[ORDER] >= 0:
                index = Slot(orders[e[ORDER], e[FIRST] + i * e[STEP]])
            p, q, o = a + index * a_row, b + index * b_row, out + index * out_row
            if op == DOT and style == FUSED:
                total = zero
                for k in range(length):
                    i_a = p + _element(tables, e[A_TABLE], a_stride, k)
                    i_b = q + _element(tables, e[B_TABLE], b_stride, k)
                    total = _multiply_add(x[i_a], x[i_b], total, True, seed, kind)
                x[o] = total
            elif op == DOT:
                for k in range(length):
                    i_a = p + _element(tables, e[A_TABLE], a_stride, k)
                    i_b = q + _element(tables, e[B_TABLE], b_stride, k)
                    terms[k] = _multiply(x[i_a], x[i_b], seed, kind)
                x[o] = _sum(terms, e[LENGTH], style, seed, kind)
            elif op == ADD:
                x[o] = _add(x[p], x[q], seed, kind)
            elif op == MUL:
                x[o] = _multiply(x[p], x[q], seed, kind)
            elif op == POW:
                x[o] = _power(x[p], x[q], seed, kind)
            elif op == EXP:
                x[o] = _nearly(math.exp(x[p]), seed, kind) if x[p] != zero else math.exp(x[p])
            elif op == LOG:
                x[o] = _nearly(math.log(x[p]), seed, kind)
            elif op == RELU:
                x[o] = max(zero, x[p])
            elif op == SUM:
                for k in range(length):
                    terms[k] = x[p + _element(tables, e[A_TABLE], a_stride, k)]
                x[o] = _sum(terms, e[LENGTH], style, seed, kind)
            else:
                x[o] = x[_largest(x, p, tables, e[A_TABLE], a_stride, length)]


@compiled
def _backward(
    code: Integers, tables: Integers, tokens: Integers, orders: Integers, x: Floats, g: Floats,
    style: int, seed: Any, kind: Any,
) -> None:  # fmt: skip
    zero, one = x.dtype.type(0), x.dtype.type(1)
    fused = style == FUSED
    for entry in range(code.shape[0]):
        e = code[entry]
        op, length = e[OP], Slot(e[LENGTH])
        a = _at(e, A, A_TOKEN, A_PITCH, tokens)
        b = _at(e, B, B_TOKEN, B_PITCH, tokens)
        a_row, b_row, out_row = Slot(e[A_ROW]), Slot(e[B_ROW]), Slot(e[OUT_ROW])
        a_stride, b_stride, out = Slot(e[A_STRIDE]), Slot(e[B_STRIDE]), Slot(e[OUT])
        for i in range(e[ROWS]):
            index = Slot(i)
            if e[ORDER] >= 0:
                index = Slot(orders[e[ORDER], e[FIRST] + i * e[STEP]])
            p, q, o = a + index * a_row, b + index * b_row, out + index * out_row
            go = g[o]
            if op == DOT:
                for k in range(length):
                    i_a = p + _element(tables, e[A_TABLE], a_stride, k)
                    i_b = q + _element(tables, e[B_TABLE], b_stride, k)
                    if e[A_GRAD]:
                        g[i_a] = _multiply_add(x[i_b], go, g[i_a], fused, seed, kind)
                    if e[B_GRAD]:
                        g[i_b] = _multiply_add(x[i_a], go, g[i_b], fused, seed, kind)
            elif op == ADD:
                if e[A_GRAD]:
                    g[p] = _add(g[p], go, seed, kind)
                if e[B_GRAD]:
                    g[q] = _add(g[q], go, seed, kind)
            elif op == MUL:
                if e[A_GRAD]:
                    g[p] = _multiply_add(x[q], go, g[p], fused, seed, kind)
                if e[B_GRAD]:
                    g[q] = _multiply_add(x[p], go, g[q], fused, seed, kind)
            elif op == POW:
                slope = _power(x[p], x[Slot(e[LESS_ONE])], seed, kind)
                slope = _multiply(x[q], slope, seed, kind)
                g[p] = _multiply_add(slope, go, g[p], fused, seed, kind)
            elif op == EXP:
                g[p] = _multiply_add(x[o], go, g[p], fused, seed, kind)
            elif op == LOG:
                slope = _nearly(one / x[p], seed, kind)
                g[p] = _multiply_add(slope, go, g[p], fused, seed, kind)
            elif op == RELU:
                if x[p] > zero:
                    g[p] = _add(g[p], go, seed, kind)
            elif op == SUM:
                for k in range(length):
                    i_a = p + _element(tables, e[A_TABLE], a_stride, k)
                    g[i_a] = _add(g[i_a], go, seed, kind)
            else:
                largest = _largest(x, p, tables, e[A_TABLE], a_stride, length)
                g[largest] = _add(g[largest], go, seed, kind)


@compiled
def evaluate(
    code_forward: Integers, code_backward: Integers, tables: Integers, constants: Floats,
    loss: int, tokens: Integers, vocab_size: int, params: Floats, x: Floats, g: Floats,
    style: int, seed: Any, kind: Any,
) -> None:  # fmt: skip
    """Perturbed form of `reference.tape.replay.evaluate`."""
    x[: params.size] = params
    x[x.size - constants.size :] = constants
    orders = walk_orders(tokens, vocab_size)
    longest = 1
    for entry in range(code_forward.shape[0]):
        longest = max(longest, code_forward[entry, LENGTH])
    terms = np.empty(longest, x.dtype)
    _forward(code_forward, tables, tokens, orders, x, terms, style, seed, kind)
    g[:] = x.dtype.type(0)
    g[loss] = x.dtype.type(1)
    _backward(code_backward, tables, tokens, orders, x, g, style, seed, kind)


PLUS, MINUS, TIMES, OVER = (int(step) for step in (Step.ADD, Step.SUB, Step.MUL, Step.DIV))


@compiled
def _apply(code: Code, registers: Any, size: int, factors: int, seed: Any, kind: Any) -> None:
    """Elementwise operations; a power of many factors errs like a product of them."""
    for index in range(code.shape[0]):
        op = code[index, 0]
        out, a, b = registers[code[index, 1]], registers[code[index, 2]], registers[code[index, 3]]
        for k in range(size):
            if op == PLUS:
                out[k] = _add(a[k], b[k], seed, kind)
            elif op == MINUS:
                out[k] = _add(a[k], -b[k], seed, kind)
            elif op == TIMES:
                out[k] = _multiply(a[k], b[k], seed, kind)
            elif op == OVER:
                exact = a[k] == 0 or b[k] == 1
                out[k] = a[k] / b[k] if exact else _nearly(a[k] / b[k], seed, kind)
            elif op == COS:
                out[k] = _nearly(math.cos(a[k]), seed, kind)
            else:
                out[k] = _power(a[k], b[k], seed, kind)
                if factors > 0:
                    bits = (_chance(out[k], seed) >> np.uint64(32)) % np.uint64(2 * factors + 1)
                    away = np.float64(bits) - factors
                    out[k] += out[k] * kind[0] * out.dtype.type(away)


@compiled
def apply_update(
    once: Code, each: Code, inputs: Floats, outputs: tuple[int, int, int, int], step: int,
    weights: Floats, m: Floats, v: Floats, gradients: Floats, seed: Any, kind: Any,
) -> Any:  # fmt: skip
    """Perturbed form of `reference.tape.formula.apply_update`."""
    registers = np.empty((inputs.size, BLOCK), inputs.dtype)
    registers[:, 0] = inputs
    _apply(once, registers, 1, step + 1, seed, kind)
    for register in range(len(PER_SCALAR), inputs.size):
        registers[register, :] = registers[register, 0]
    rate = registers[outputs[3], 0]
    for start in range(0, weights.size, BLOCK):
        size = min(BLOCK, weights.size - start)
        end = start + size
        registers[0, :size] = weights[start:end]
        registers[3, :size] = gradients[start:end]
        if m.size:
            registers[1, :size] = m[start:end]
            registers[2, :size] = v[start:end]
        _apply(each, registers, size, 0, seed, kind)
        weights[start:end] = registers[outputs[0], :size]
        if m.size:
            m[start:end] = registers[outputs[1], :size]
            v[start:end] = registers[outputs[2], :size]
    return rate


def kind_of(dtype: DTypeLike) -> NDArray[Any]:
    """The relative step to the next float of a type, and its smallest float, as an array."""
    limits = np.finfo(np.dtype(dtype))
    bits = limits.nmant + 1
    # Adding three quarters of a unit rounds to the next float, wherever in its binade.
    numbers = [0.75 * 2.0 ** (1 - bits), limits.smallest_subnormal]
    return np.array(numbers, dtype)
