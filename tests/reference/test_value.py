"""The autograd engine."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.value import Value, topological_order

numbers = st.floats(0.2, 3.0)


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / b,
        lambda a, b: -a * b,
        lambda a, b: a**3 * b,
        lambda a, b: (a * b) ** -0.5,
        lambda a, b: a.exp() * b,
        lambda a, b: (a + b).log(),
        lambda a, b: a.relu() * b + (-b).relu(),
        lambda a, b: a * a * b + a,
        lambda a, b: 2 / a + 3 * b - 1,
        lambda a, b: 1 - a * b,
    ],
)
@given(a=numbers, b=numbers)
def test_gradients_are_the_slopes(
    function: Callable[[Value, Value], Value], a: float, b: float
) -> None:
    x, y = Value(a), Value(b)
    function(x, y).backward()
    step = 1e-6
    for value, slope in (
        (x, (function(Value(a + step), y).data - function(Value(a - step), y).data) / (2 * step)),
        (y, (function(x, Value(b + step)).data - function(x, Value(b - step)).data) / (2 * step)),
    ):
        assert value.grad == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_division_is_a_product_with_a_power() -> None:
    a, b = Value(1.0), Value(3.0)
    assert (a / b).data == 1.0 * 3.0**-1
    assert (a / 3).data == 1.0 * 3**-1
    assert [child.data for child in (a / b).children] == [1.0, 3.0**-1]


def test_a_sum_keeps_the_constant_zero_as_its_second_operand() -> None:
    first = sum([Value(5.0)])
    assert isinstance(first, Value)
    assert [child.data for child in first.children] == [5.0, 0]


def test_relu_has_gradient_zero_at_exactly_zero() -> None:
    x = Value(0.0)
    (x.relu() * 3).backward()
    assert x.grad == 0.0


def recursive_order(root: Value) -> list[Value]:
    order: list[Value] = []
    seen: set[Value] = set()

    def visit(node: Value) -> None:
        if node not in seen:
            seen.add(node)
            for child in node.children:
                visit(child)
            order.append(node)

    visit(root)
    return order


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=40))
def test_the_iterative_sort_gives_the_recursive_order(edges: list[tuple[int, int]]) -> None:
    nodes = [Value(1.0)]
    for left, right in edges:
        nodes.append(nodes[left % len(nodes)] + nodes[right % len(nodes)])
    assert topological_order(nodes[-1]) == recursive_order(nodes[-1])


@pytest.mark.slow
def test_a_graph_deeper_than_the_interpreters_stack_is_differentiated() -> None:
    x = Value(1.0)
    node = x
    for _ in range(100_000):
        node = node + x
    node.backward()
    assert x.grad == 100_001


def test_a_power_of_a_negative_number_fails_as_in_python() -> None:
    with pytest.raises(ValueError, match=r"math domain error|expected a positive"):
        Value(-1.0).log()
    assert math.isnan(Value(math.nan).exp().data)
