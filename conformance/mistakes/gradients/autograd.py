"""Mistakes in automatic differentiation: how gradients are passed on."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import reference.value
from conformance.anatomy.levels import Level
from reference.evaluation import Evaluation
from reference.value import Value

from ..mistake import Patch, mistake_at
from ..parts import elementwise
from ..patch_of_function import given_to, in_place_of
from ..seams.training import train_with

autograd_mistake = mistake_at(Level.AUTOGRAD)
train_mistake = mistake_at(Level.TRAIN)


@autograd_mistake(
    "Gradients are assigned, not accumulated",
    what="A node keeps only the gradient of the last operation that used it; the others are lost.",
    why="`=` was written instead of `+=`, which shows only when a node is used twice.",
    mend="In the backward pass, add to the child's gradient; never overwrite it.",
)
@in_place_of("Value.backward")
def assigns_gradients(self: Value) -> None:
    self.grad = 1.0
    for node in reversed(reference.value.topological_order(self)):
        for child, local in zip(node.children, node.local_grads, strict=True):
            child.grad = local * node.grad


@autograd_mistake(
    "Nodes are sorted breadth first",
    what="A node passes its gradient on before all nodes that use it have passed theirs to it.",
    why="A queue is the obvious way to walk a graph, and it is right for trees.",
    mend="Sort topologically (depth first, each node after all of its children), then walk "
    "backwards.",
)
@in_place_of("topological_order")
def sorts_breadth_first(root: Value) -> list[Value]:
    entered, waiting, order = {root}, deque([root]), []
    while waiting:
        order.append(node := waiting.popleft())
        for child in node.children:
            if child not in entered:
                entered.add(child)
                waiting.append(child)
    return order[::-1]


@autograd_mistake(
    "The backward pass starts from the leaves",
    what="Children are visited before the nodes that use them, while their own gradients are still "
    "0.",
    why="The topological order was not reversed.",
    mend="Walk the sorted nodes from the last one, the loss, to the first.",
    twins={
        "root-gradient-not-set": "Run a single operation (case autograd/mul): its operands get "
        "their gradients if only the order is wrong.",
    },
)
@in_place_of("Value.backward")
def starts_from_the_leaves(self: Value) -> None:
    self.grad = 1.0
    for node in reference.value.topological_order(self):
        for child, local in zip(node.children, node.local_grads, strict=True):
            child.grad += local * node.grad


@autograd_mistake(
    "The loss's own gradient is not set to 1",
    what="Every gradient is 0.",
    why="All gradients are initialized to 0, including that of the loss.",
    mend="Set the root's gradient to 1 before the backward pass.",
)
@in_place_of("Value.backward")
def root_gradient_not_set(self: Value) -> None:
    for node in reversed(reference.value.topological_order(self)):
        for child, local in zip(node.children, node.local_grads, strict=True):
            child.grad += local * node.grad


@autograd_mistake(
    "A node with several users is visited several times",
    what="Such a node passes its whole gradient on once per user instead of once.",
    why="Nodes are marked as visited when they leave the stack, but the mark is not checked there. "
    "A node that was pushed twice is then processed twice.",
    mend="When a node leaves the stack, skip it if it is already marked.",
    languages=("C", "C++", "Rust", "Go", "Zig"),
)
@in_place_of("topological_order")
def shared_node_visited_twice(root: Value) -> list[Value]:
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


@autograd_mistake(
    "Nodes with equal values count as the same node",
    what="Of several nodes with one value, only one is visited; the others pass no gradient on.",
    why="Visited nodes are kept in a set that compares contents, as records and data classes do.",
    mend="Compare nodes by identity: a set of addresses, ids, or indices on the tape.",
    languages=("Kotlin", "Scala", "C#", "Swift", "Haskell", "Python data classes"),
)
@in_place_of("topological_order")
def nodes_compared_by_value(root: Value) -> list[Value]:
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


@autograd_mistake(
    "The recursive sort overflows the stack",
    what="Results are right, but a deep graph crashes the program.",
    why="The published program sorts recursively, which works for a single layer only.",
    mend="Sort iteratively with an explicit stack, or run in a thread with a stack of several "
    "hundred megabytes.",
    languages=("Python", "JavaScript", "Ruby", "Java", "C#"),
)
@in_place_of("topological_order")
def sorts_recursively(root: Value) -> list[Value]:
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


@autograd_mistake(
    "A node's children are a set",
    what="In x * x and x + x, the gradient reaches x once instead of twice.",
    why="Children are kept in a set, which holds x only once.",
    mend="Keep children in a list, in the order of the operands.",
    languages=("Python", "JavaScript", "Swift"),
    twins={
        "square-counted-once": "Compute the gradient of x + x (case autograd/sum-with-itself): it "
        "is 2 if only products are wrong, and 1 if children are a set.",
    },
)
def children_in_a_set() -> Patch:
    original_add, original_multiply = Value.__add__, Value.__mul__
    return {
        "Value.__add__": _once(original_add),
        "Value.__mul__": _once(original_multiply),
    }


@autograd_mistake(
    "A square passes its gradient on only once",
    what="The gradient of x * x is x instead of 2 * x.",
    why="When both operands are the same node, the second is skipped to satisfy a comparison, a "
    "lock or a borrow.",
    mend="Add to the gradient once per operand, even if both operands are the same node.",
    languages=("Rust", "C++", "Go"),
)
def square_counted_once() -> Patch:
    return {"Value.__mul__": _once(Value.__mul__)}


def _once(original: Callable[[Value, Any], Value]) -> Callable[[Value, Any], Value]:
    """An operation that counts a node only once when it is both operands."""

    def operation(self: Value, other: Value | float) -> Value:
        node = original(self, other)
        if self is other:
            return Value(node.data, node.children[:1], node.local_grads[:1])
        return node

    return operation


@train_mistake(
    "Gradients are never reset to 0",
    what="Each step's gradient is added to those of all steps before it.",
    why="The backward pass adds to gradients, and clearing them after the update was forgotten.",
    mend="Set every parameter's gradient to 0 after each update.",
)
@given_to(train_with, "learning")
def gradients_not_zeroed() -> Callable[[Evaluation], Evaluation]:
    before: dict[str, Any] = {}

    def learned(evaluation: Evaluation) -> Evaluation:
        grads = evaluation.grads
        if before:
            grads = elementwise(lambda g, old: old + g, grads, before)
        before.update(grads)
        return replace(evaluation, grads=grads)

    return learned


@train_mistake(
    "Gradients are reset to 0 before the update",
    what="The optimizer sees gradients of 0, so nothing is learned.",
    why="The loop clears gradients between the backward pass and the update.",
    mend="In each step: clear the gradients, run forward, run backward, update.",
)
def gradients_zeroed_before_the_update() -> Patch:
    def learned(evaluation: Evaluation) -> Evaluation:
        return replace(evaluation, grads=elementwise(lambda g: g * 0, evaluation.grads))

    return train_with(learning=lambda: learned)
