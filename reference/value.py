"""Scalar reverse-mode automatic differentiation, in the canonical order of operations.

Every choice here decides the last bit of a trace: which elementary operations a derived
one is made of, in which order a node keeps its children, and in which order gradients
are accumulated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast


class Value:
    """A scalar node of the computation graph.

    `data` is the node's value, `grad` the derivative of the root of the last
    `backward` with respect to it. A node keeps its children in operand order, each with
    the local gradient of this node with respect to that child.
    """

    __slots__ = ("children", "data", "grad", "local_grads")

    def __init__(
        self,
        data: float,
        children: tuple[Value, ...] = (),
        local_grads: tuple[float, ...] = (),
    ) -> None:
        self.data = data
        self.grad = 0.0
        self.children = children
        self.local_grads = local_grads

    def __repr__(self) -> str:
        return f"Value(data={self.data!r}, grad={self.grad!r})"

    def __add__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent: float) -> Value:
        return Value(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))

    def log(self) -> Value:
        """The natural logarithm."""
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def exp(self) -> Value:
        """E to this power."""
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self) -> Value:
        """The value where it is positive, else 0; so is the gradient at exactly 0."""
        return Value(max(0.0, self.data), (self,), (float(self.data > 0),))

    # Derived operations. Where an operand is a plain number, its sign or power is taken in floats.

    def __neg__(self) -> Value:
        return self * -1

    def __sub__(self, other: Value | float) -> Value:
        return self + (-other)

    def __truediv__(self, other: Value | float) -> Value:
        return self * other**-1

    def __radd__(self, other: float) -> Value:
        return self + other

    def __rmul__(self, other: float) -> Value:
        return self * other

    def __rsub__(self, other: float) -> Value:
        return other + (-self)

    def __rtruediv__(self, other: float) -> Value:
        return other * self**-1

    # Reductions. Another arithmetic has its own, in one operation each.

    @classmethod
    def total(cls, terms: Sequence[Value]) -> Value:
        """The sum from left to right, starting at a constant 0."""
        result = terms[0] + 0
        for term in terms[1:]:
            result = result + term
        return result

    @classmethod
    def dot(cls, ws: Sequence[Value], xs: Sequence[Value]) -> Value:
        """The total of the products `w * x`."""
        return cls.total([w * x for w, x in zip(ws, xs, strict=True)])

    @classmethod
    def maximum(cls, values: Sequence[Value]) -> Value | float:
        """The largest of the values, as a number: no gradient flows through it."""
        return max(value.data for value in values)

    @classmethod
    def pick(cls, values: Sequence[Value], token: int) -> Value:
        """The value that belongs to a token, of one value for each token of the vocabulary."""
        return values[token]

    def backward(self) -> None:
        """Accumulate into `grad` of every node below the derivative of this node."""
        self.grad = 1.0
        for node in reversed(topological_order(self)):
            grad = node.grad
            for child, local_grad in zip(node.children, node.local_grads, strict=True):
                child.grad += local_grad * grad


def topological_order(root: Value) -> list[Value]:
    """The nodes below `root`, children first, each once by identity, `root` last.

    The order is that of a recursive depth-first walk over children in operand order. The
    stack is explicit: the graph of a document is deeper than an interpreter's.
    """
    order: list[Value] = []
    entered: set[Value] = set()
    stack: list[Value | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:  # the node below it has all its children in `order`
            order.append(cast("Value", stack.pop()))
        elif node not in entered:
            entered.add(node)
            stack += (node, None)
            stack += node.children[::-1]
    return order
