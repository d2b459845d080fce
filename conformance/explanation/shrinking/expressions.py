"""Draws scalar expressions, checks where they are defined, and prints them as formulas."""

from collections.abc import Sequence

from hypothesis import strategies as st

from conformance.anatomy.small_functions import OPERATIONS
from ports_adapter.messages import EvaluateParams, Node
from reference.value import Value

from .simplest_numbers import Pool

BINARY = {"add": "+", "mul": "*", "sub": "-", "div": "/"}
UNARY = ("neg", "relu", "exp", "log")
EXPONENTS = (2.0, 3.0, -1.0, 0.5, -0.5)
LETTERS = "xyzabcdefghijklmnopqrstuvw"
EXACT = {"leaf", "add", "sub", "mul", "neg", "relu"}
"""Operations that do not round simple numbers."""


class Unfit(Exception):
    """A question without a usable answer: it is not finite, or rounding decides it."""


@st.composite
def expressions(draw: st.DrawFn, leaves: int, operations: int, pool: Pool) -> EvaluateParams:
    """Expressions with so many leaves, whose values are from a pool, and operations."""
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
    """A very deep graph: the same leaf is added `length` times."""
    leaves = [Node(op="leaf", value=1.0), Node(op="leaf", value=0.5)]
    sums = [Node(op="add", args=[0 if n == 0 else n + 1, 1]) for n in range(length)]
    return EvaluateParams(nodes=[*leaves, *sums])


def check_domain(params: EvaluateParams, near: float) -> None:
    """Refuse an expression outside the domain of the suite's questions.

    Args:
        params: the expression.
        near: the share of the largest value below which rounding may decide a ReLU.

    Raises:
        Unfit: a logarithm or power of a number that is not above 0, a division by 0, or a ReLU
            that rounding decides.
        ArithmeticError: a value overflows.
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
                raise Unfit("rounding decides a ReLU")
        values.append(_value(node, args))


def _value(node: Node, args: Sequence[float]) -> float:
    if node.op == "leaf":
        return float(node.value)  # type: ignore[arg-type]
    if node.op == "pow":
        return float(args[0] ** float(node.exponent))  # type: ignore[arg-type]
    return OPERATIONS[node.op](*map(Value, args)).data


def letters_of(params: EvaluateParams) -> list[str]:
    """The names of the leaves, in order."""
    count = sum(node.op == "leaf" for node in params.nodes)
    return [LETTERS[n] if n < len(LETTERS) else f"x{n}" for n in range(count)]


def formula(params: EvaluateParams, longest: int = 80) -> str:
    """An expression as a formula, or its number of nodes if the formula is too long."""
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
    """A formula as an operand, in parentheses if necessary."""
    return f"({text})" if " " in text or text.startswith("-") else text
