"""Mistakes in automatic differentiation: how gradients are passed on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import reference.value
from conformance.anatomy.levels import Level
from reference.evaluation import Evaluation
from reference.value import Value

from ..mistake import Patch, mistake
from ..seams import train_with


@mistake(
    "Gradients are assigned, not added up",
    what="A node keeps the gradient of the last operation that used it; the others are lost.",
    why="`=` was written for `+=`, which shows only where a node is used twice.",
    mend="In the backward pass, add to the child's gradient; never overwrite it.",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def assigns_gradients() -> Patch:
    def backward(self: Value) -> None:
        self.grad = 1.0
        for node in reversed(reference.value.topological_order(self)):
            for child, local in zip(node.children, node.local_grads, strict=True):
                child.grad = local * node.grad

    return {"Value.backward": backward}


@mistake(
    "Nodes are sorted breadth first",
    what="A node passes its gradient on before all of its users have passed theirs to it.",
    why="A queue is the obvious way to walk a graph, and it is right for trees.",
    mend="Sort topologically: depth first, a node after all of its children; then go backwards.",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def sorts_breadth_first() -> Patch:
    def topological_order(root: Value) -> list[Value]:
        entered, waiting, order = {root}, deque([root]), []
        while waiting:
            order.append(node := waiting.popleft())
            for child in node.children:
                if child not in entered:
                    entered.add(child)
                    waiting.append(child)
        return order[::-1]

    return {"topological_order": topological_order}


@mistake(
    "The backward pass starts from the leaves",
    what="Nodes are visited children first, while their own gradients are still 0.",
    why="The topological order was not reversed.",
    mend="Go through the sorted nodes from the last, the loss, to the first.",
    level=Level.AUTOGRAD,
    languages=("any",),
    twins={
        "root-gradient-not-set": "Ask for one operation (case autograd/mul): its operands get "
        "their gradients if only the order is wrong.",
    },
)
def starts_from_the_leaves() -> Patch:
    def backward(self: Value) -> None:
        self.grad = 1.0
        for node in reference.value.topological_order(self):
            for child, local in zip(node.children, node.local_grads, strict=True):
                child.grad += local * node.grad

    return {"Value.backward": backward}


@mistake(
    "The gradient of the loss itself is not set to 1",
    what="Every gradient is 0.",
    why="The gradient of the loss by itself starts at 0 like all others, and nobody sets it.",
    mend="Set the root's gradient to 1 before the backward pass.",
    level=Level.AUTOGRAD,
    languages=("any",),
)
def root_gradient_not_set() -> Patch:
    def backward(self: Value) -> None:
        for node in reversed(reference.value.topological_order(self)):
            for child, local in zip(node.children, node.local_grads, strict=True):
                child.grad += local * node.grad

    return {"Value.backward": backward}


@mistake(
    "A node with several users is visited several times",
    what="Such a node passes its gradient on once for each user, each time all of it.",
    why="Nodes are marked when they are taken from the stack, and not looked at again there: one "
    "that was put on it twice is taken twice.",
    mend="Skip a node that is marked already when it is taken from the stack.",
    level=Level.AUTOGRAD,
    languages=("C", "C++", "Rust", "Go", "Zig"),
)
def shared_node_visited_twice() -> Patch:
    def topological_order(root: Value) -> list[Value]:
        order: list[Value] = []
        entered: set[Value] = set()
        stack: list[tuple[Value, bool]] = [(root, False)]
        while stack:
            node, is_done = stack.pop()
            if is_done:
                order.append(node)
                continue
            entered.add(node)
            stack.append((node, True))
            stack += [(child, False) for child in node.children[::-1] if child not in entered]
        return order

    return {"topological_order": topological_order}


@mistake(
    "Nodes that hold equal numbers are taken for one node",
    what="Of several nodes of the same value, one alone is visited, and the others' gradients end "
    "there.",
    why="Visited nodes are kept in a set that compares them by their contents, as records and data "
    "classes are compared.",
    mend="Compare nodes by identity: a set of addresses, of ids, or of indices on the tape.",
    level=Level.AUTOGRAD,
    languages=("Kotlin", "Scala", "C#", "Swift", "Haskell", "Python data classes"),
)
def nodes_compared_by_value() -> Patch:
    def topological_order(root: Value) -> list[Value]:
        order: list[Value] = []
        entered: set[float] = set()
        stack: list[tuple[Value, bool]] = [(root, False)]
        while stack:
            node, is_done = stack.pop()
            if is_done:
                order.append(node)
            elif node.data not in entered:
                entered.add(node.data)
                stack.append((node, True))
                stack += [(child, False) for child in node.children[::-1]]
        return order

    return {"topological_order": topological_order}


@mistake(
    "The sort is recursive, and runs out of stack",
    what="Nothing: a deep graph ends the program.",
    why="The published program sorts recursively, which is deep enough for one layer only.",
    mend="Sort with a stack of your own, or give the thread a stack of some hundred megabytes.",
    level=Level.AUTOGRAD,
    languages=("Python", "JavaScript", "Ruby", "Java", "C#"),
)
def sorts_recursively() -> Patch:
    def topological_order(root: Value) -> list[Value]:
        order: list[Value] = []
        seen: set[int] = set()

        def visit(node: Value) -> None:
            if id(node) not in seen:
                seen.add(id(node))
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(root)
        return order

    return {"topological_order": topological_order}


@mistake(
    "A node's children are a set",
    what="In `x * x` and `x + x` the gradient reaches x once in place of twice.",
    why="Children are kept in a set, which holds x once.",
    mend="Keep children in a list, in the order of the operands.",
    level=Level.AUTOGRAD,
    languages=("Python", "JavaScript", "Swift"),
    twins={
        "square-counted-once": "Ask for the gradient of x + x (case autograd/sum-with-itself): 2 "
        "if only products are wrong, 1 if children are a set.",
    },
)
def children_in_a_set() -> Patch:
    right_add, right_multiply = Value.__add__, Value.__mul__
    return {
        "Value.__add__": _once(right_add),
        "Value.__mul__": _once(right_multiply),
    }


@mistake(
    "A square passes its gradient on once",
    what="In `x * x` the gradient is x, not 2 x.",
    why="The two operands are compared, or locked, or borrowed, and the second one skipped where "
    "both are the same.",
    mend="Add to the gradient once for each operand, also where both are one node.",
    level=Level.AUTOGRAD,
    languages=("Rust", "C++", "Go"),
)
def square_counted_once() -> Patch:
    return {"Value.__mul__": _once(Value.__mul__)}


def _once(right: Callable[[Value, Any], Value]) -> Callable[[Value, Any], Value]:
    """An operation of which a node that is both operands is one child."""

    def operation(self: Value, other: Value | float) -> Value:
        node = right(self, other)
        if self is other:
            return Value(node.data, node.children[:1], node.local_grads[:1])
        return node

    return operation


@mistake(
    "Gradients are never set back to 0",
    what="Each step's gradient is added to those of all steps before it.",
    why="Backward adds to gradients, and clearing them after the update was forgotten.",
    mend="Set every parameter's gradient to 0 after each update.",
    level=Level.TRAIN,
    languages=("any",),
)
def gradients_not_zeroed() -> Patch:
    def learning() -> Callable[[Evaluation], Evaluation]:
        before: dict[str, Any] = {}

        def learned(evaluation: Evaluation) -> Evaluation:
            grads = evaluation.grads
            if before:
                grads = {
                    name: [
                        [old + g for old, g in zip(*rows, strict=True)]
                        for rows in zip(before[name], matrix, strict=True)
                    ]
                    for name, matrix in grads.items()
                }
            before.update(grads)
            return replace(evaluation, grads=grads)

        return learned

    return train_with(learning=learning)


@mistake(
    "Gradients are set to 0 before the update",
    what="The optimiser sees gradients of 0: nothing is learned.",
    why="The loop clears gradients after backward in place of before it, or after the update.",
    mend="Order a step: gradients to 0, forward, backward, update.",
    level=Level.TRAIN,
    languages=("any",),
)
def gradients_zeroed_before_the_update() -> Patch:
    def learned(evaluation: Evaluation) -> Evaluation:
        grads = {
            name: [[g * 0 for g in row] for row in rows] for name, rows in evaluation.grads.items()
        }
        return replace(evaluation, grads=grads)

    return train_with(learning=lambda: learned)
