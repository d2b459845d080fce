"""Reverse-mode differentiation of a scalar expression graph, without recursion.

The nodes come in topological order, so one pass forward gives all values and one pass backward
all gradients, however deep the graph.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Number = np.floating[Any]


@dataclass(frozen=True)
class Operation:
    """How many arguments it takes, its value, and its derivatives by each of its arguments."""

    arity: int
    value: Callable[..., Number]
    slopes: Callable[..., tuple[float, ...]]


# A leaf and a `pow` take a constant after their arguments.
OPERATIONS = {
    "leaf": Operation(0, lambda value: value, lambda _value: ()),
    "add": Operation(2, lambda a, b: a + b, lambda _a, _b: (1.0, 1.0)),
    "sub": Operation(2, lambda a, b: a - b, lambda _a, _b: (1.0, -1.0)),
    "mul": Operation(2, lambda a, b: a * b, lambda a, b: (b, a)),
    "div": Operation(2, lambda a, b: a / b, lambda a, b: (1 / b, -a / b / b)),
    "neg": Operation(1, lambda a: -a, lambda _a: (-1.0,)),
    "pow": Operation(1, lambda a, n: a**n, lambda a, n: (n * a ** (n - 1),)),
    "exp": Operation(1, np.exp, lambda a: (np.exp(a),)),
    "log": Operation(1, np.log, lambda a: (1 / a,)),
    "relu": Operation(1, lambda a: np.maximum(a, 0.0), lambda a: (float(a > 0),)),
}


class Node(NamedTuple):
    """An operation on earlier nodes, which `args` point to, and on a constant if it has one.

    Numbers are NumPy's, not `float`, for their IEEE arithmetic: `1 / 0` is an infinity and no
    exception.
    """

    op: str
    args: Sequence[int]
    constants: Sequence[Number]


def evaluate(nodes: Sequence[Node]) -> tuple[float, list[float]]:
    """The last node's value, and its gradient by every leaf in order of appearance."""
    values: list[Number] = []
    for node in nodes:
        values.append(OPERATIONS[node.op].value(*_operands(node, values)))

    # Only what the output depends on gets an entry: elsewhere a slope may be infinite, and 0
    # times it is not 0.
    real = type(values[-1])
    grads = {len(nodes) - 1: real(1.0)}
    for index in reversed(range(len(nodes))):
        node = nodes[index]
        if index not in grads:
            continue
        slopes = OPERATIONS[node.op].slopes(*_operands(node, values))
        for arg, slope in zip(node.args, slopes, strict=True):
            grads[arg] = grads.get(arg, real(0.0)) + slope * grads[index]

    leaves = (index for index, node in enumerate(nodes) if node.op == "leaf")
    return float(values[-1]), [float(grads.get(leaf, 0.0)) for leaf in leaves]


def _operands(node: Node, values: Sequence[Number]) -> list[Number]:
    """What an operation works on: its arguments' values, then its constants."""
    return [*(values[arg] for arg in node.args), *node.constants]
