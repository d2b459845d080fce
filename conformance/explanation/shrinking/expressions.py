"""Scalar expressions: small ones drawn, where they are defined, and in letters."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hypothesis import strategies as st

from ports_adapter.messages import EvaluateParams, Node

from .simplest_numbers import Pool

BINARY = {"add": "+", "mul": "*", "sub": "-", "div": "/"}
UNARY = ("neg", "relu", "exp", "log")
EXPONENTS = (2.0, 3.0, -1.0, 0.5, -0.5)
LETTERS = "xyzabcdefghijklmnopqrstuvw"
EXACT = {"leaf", "add", "sub", "mul", "neg", "relu"}
"""Operations that do not round simple numbers."""


class Unfit(Exception):
    """A question that has no answer to judge by: none that is finite, or one up to rounding."""


@st.composite
def expressions(draw: st.DrawFn, leaves: int, operations: int, pool: Pool) -> EvaluateParams:
    """Expressions of so many leaves, with numbers from a pool, and operations on them."""
    number = st.sampled_from(pool)
    nodes = [Node(op="leaf", value=draw(number)) for _ in range(leaves)]
    for _ in range(operations):
        op = draw(st.sampled_from((*BINARY, *UNARY, "pow")))
        last = len(nodes) - 1
        back = st.integers(0, last)
        args = [last - draw(back) for _ in range(2 if op in BINARY else 1)]
        if op == "pow":
            nodes.append(Node(op="pow", args=args, exponent=draw(st.sampled_from(EXPONENTS))))
        else:
            nodes.append(Node(op=op, args=args))  # type: ignore[arg-type]
    return EvaluateParams(nodes=nodes)


def chain(length: int) -> EvaluateParams:
    """A leaf to which another is added again and again: as deep as a graph can be."""
    leaves = [Node(op="leaf", value=1.0), Node(op="leaf", value=0.5)]
    sums = [Node(op="add", args=[0 if n == 0 else n + 1, 1]) for n in range(length)]
    return EvaluateParams(nodes=[*leaves, *sums])


def check_domain(params: EvaluateParams, near: float) -> None:
    """Keep to where the suite asks: logarithms and powers of what is above 0, no doubtful ReLU.

    Args:
        params: the expression.
        near: what share of the largest value counts as 0 up to rounding.

    Raises:
        Unfit: the expression is not defined, or a ReLU hangs on a rounding error.
        ArithmeticError: a value is out of range.
    """
    values: list[float] = []
    exact: list[bool] = []
    for node in params.nodes:
        args = [values[index] for index in node.args]
        if (node.op in ("log", "pow") and args[0] <= 0) or (node.op == "div" and args[1] == 0):
            raise Unfit(f"{node.op} is not defined here")
        exact.append(node.op in EXACT and all(exact[index] for index in node.args))
        if node.op == "relu" and not exact[-1]:
            largest = max(map(abs, values))
            if abs(args[0]) <= near * largest:
                raise Unfit("a ReLU hangs on a rounding error")
        values.append(_value(node, args))


def _value(node: Node, args: Sequence[float]) -> float:
    match node.op, args:
        case "leaf", _:
            return float(node.value)  # type: ignore[arg-type]
        case "pow", [base]:
            return float(base ** float(node.exponent))  # type: ignore[arg-type]
        case "neg", [x]:
            return -x
        case "relu", [x]:
            return max(x, 0.0)
        case "exp", [x]:
            return math.exp(x)
        case "log", [x]:
            return math.log(x)
        case "add", [x, y]:
            return x + y
        case "sub", [x, y]:
            return x - y
        case "mul", [x, y]:
            return x * y
        case _:
            return args[0] / args[1]


def letters_of(params: EvaluateParams) -> list[str]:
    """The name of every leaf, in the order of the leaves."""
    count = sum(node.op == "leaf" for node in params.nodes)
    return [LETTERS[n] if n < len(LETTERS) else f"x{n}" for n in range(count)]


def formula(params: EvaluateParams, longest: int = 80) -> str:
    """An expression as it would be written, or how large it is where that would be too long."""
    names = iter(letters_of(params))
    texts: list[str] = []
    for node in params.nodes:
        args = [texts[index] for index in node.args]
        text = next(names) if node.op == "leaf" else _applied(node, args)
        if len(text) > longest:
            return f"an expression of {len(params.nodes)} nodes"
        texts.append(text)
    return texts[-1]


def _applied(node: Node, args: Sequence[str]) -> str:
    match node.op, args:
        case "pow", [base]:
            return f"{_inner(base)} ** {node.exponent:g}"
        case "neg", [x]:
            return f"-{_inner(x)}"
        case op, [x]:
            return f"{op}({x})"
        case op, _:
            x, y = args
            return f"{_inner(x)} {BINARY[op]} {_inner(y)}"


def _inner(text: str) -> str:
    """A text that stands as an operand."""
    return f"({text})" if " " in text or text.startswith("-") else text
