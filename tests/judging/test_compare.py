"""The comparison: structure, numbers in budgets, and the order of blame."""

import math
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.anatomy.nested_numbers import flat, pointer_of, shape_of
from conformance.judging.compare import BEYOND, compare
from conformance.oracle.answer import Answer, Exact, Numbers
from golden.budgets import tensor_budget
from golden.numbers import as_array, ulps

ANSWER: Answer = {
    "/tokens": Exact([1, 2, 3]),
    "/output": Numbers([1.0, 2.0], 1e-12),
    "/grads/a": Numbers([[1.0, 2.0], [3.0, 4.0]], np.array([[1e-12, 1e-12], [1e-12, 0.0]])),
    "/grads/b": Numbers([0.0, -5.0], 1e-12),
}
RIGHT: dict[str, Any] = {
    "tokens": [1, 2, 3],
    "output": [1.0, 2.0],
    "grads": {"a": [[1.0, 2.0], [3.0, 4.0]], "b": [0.0, -5.0]},
}


def changed(pointer: str, value: Any) -> dict[str, Any]:
    answer = deepcopy(RIGHT)
    target: Any = answer
    *path, last = [int(t) if t.isdecimal() else t for t in pointer.split("/")[1:]]
    for token in path:
        target = target[token]
    target[last] = value
    return answer


def test_the_right_answer_is_right_and_identical() -> None:
    comparison = compare(ANSWER, RIGHT)
    assert comparison.divergences == ()
    assert (comparison.worst, comparison.identical, comparison.values) == (0.0, 8, 8)


def test_an_error_within_budget_passes_and_is_measured() -> None:
    comparison = compare(ANSWER, changed("/output/1", 2.0 + 0.5e-12))
    assert comparison.divergences == ()
    assert comparison.worst == pytest.approx(0.5, rel=1e-3)
    assert comparison.worst_at == "/output/1"
    assert comparison.identical == 7


@pytest.mark.parametrize(
    ("pointer", "value", "place"),
    [
        ("/output/1", 2.0 + 2e-12, "/output/1"),
        ("/grads/a/1/0", -3.0, "/grads/a/1/0"),
        ("/grads/a/1/1", 4.000000000000001, "/grads/a/1/1"),
        ("/grads/b/0", "NaN", "/grads/b/0"),
        ("/grads/b/0", "-Infinity", "/grads/b/0"),
        ("/tokens/2", 4, "/tokens/2"),
        ("/tokens", [1, 2], "/tokens/2"),
        ("/output", [1.0, 2.0, 3.0], "/output"),
        ("/output", [[1.0, 2.0]], "/output"),
        ("/grads/a", [[1.0, 2.0], [3.0]], "/grads/a"),
        ("/grads/a", [], "/grads/a"),
        ("/output/0", None, "/output/0"),
        ("/grads/c", [1.0], "/grads/c"),
    ],
)
def test_anything_else_is_a_divergence_at_its_place(pointer: str, value: Any, place: str) -> None:
    (divergence,) = compare(ANSWER, changed(pointer, value)).divergences
    assert divergence.pointer == place
    assert divergence.ratio > 1


def test_a_missing_part_is_a_divergence() -> None:
    grads = {"a": RIGHT["grads"]["a"]}
    (divergence,) = compare(ANSWER, RIGHT | {"grads": grads}).divergences
    assert (divergence.pointer, divergence.got) == ("/grads/b", "nothing")


def test_the_earliest_part_in_the_order_of_computation_is_blamed() -> None:
    wrong = changed("/grads/b/1", 0.0)
    wrong["tokens"] = [1, 2, 4]
    wrong["output"] = [0.0, 0.0]
    parts = [divergence.part for divergence in compare(ANSWER, wrong).divergences]
    assert parts == ["/tokens", "/output", "/grads/b"]


def test_the_worst_element_and_the_first_wrong_one_are_told_apart() -> None:
    (divergence,) = compare(ANSWER, changed("/grads/a", [[1.1, 2.0], [30.0, 4.0]])).divergences
    assert (divergence.first, divergence.pointer) == ("/grads/a/0/0", "/grads/a/1/0")
    assert (divergence.wrong, divergence.values) == (2, 4)


def test_unknown_fields_of_a_message_are_ignored() -> None:
    assert compare(ANSWER, RIGHT | {"remark": "hello"}).divergences == ()


def test_a_list_that_goes_on_is_a_divergence() -> None:
    answer: Answer = {"/steps/0/loss": Numbers(1.0, 0.0), "/steps/1/loss": Numbers(2.0, 0.0)}
    steps = [{"loss": 1.0}, {"loss": 2.0}, {"loss": 3.0}]
    assert compare(answer, {"steps": steps[:2]}).divergences == ()
    assert compare(answer, {"steps": steps}).divergences[0].pointer == "/steps/2"
    assert compare(answer, {"steps": steps[:1]}).divergences[0].pointer == "/steps/1/loss"


def test_a_tensor_of_zeros_has_no_budget_at_all() -> None:
    assert tensor_budget([0.0, 0.0], "float64") == 0.0
    answer: Answer = {"/g": Numbers([0.0], tensor_budget([0.0], "float64"))}
    assert compare(answer, {"g": [-0.0]}).divergences == ()
    assert compare(answer, {"g": [5e-324]}).divergences != ()


def test_ragged_lists_are_compared_place_by_place() -> None:
    ragged = [[[1.0]], [[2.0, 3.0]]]
    answer: Answer = {"/scores": Numbers(ragged, 1e-12)}
    assert compare(answer, {"scores": ragged}).divergences == ()
    (wrong,) = compare(answer, {"scores": [[[1.0]], [[2.0, 4.0]]]}).divergences
    assert wrong.pointer == "/scores/1/0/1"
    (short,) = compare(answer, {"scores": [[[1.0]], [[2.0]]]}).divergences
    assert short.part == "/scores"


nested = st.recursive(
    st.floats(allow_nan=False, width=32), lambda inner: st.lists(inner, min_size=1, max_size=4)
)


@pytest.mark.slow
@given(nested)
def test_every_flat_index_leads_back_to_its_element(numbers: Any) -> None:
    values = flat(numbers)
    for index in range(values.size):
        found = numbers
        for token in pointer_of(numbers, index).split("/")[1:]:
            found = found[int(token)]
        assert found == values[index]


@pytest.mark.slow
@given(nested)
def test_equal_tensors_have_equal_shapes(numbers: Any) -> None:
    assert shape_of(numbers) == shape_of(numbers)
    assert shape_of([numbers]) != shape_of(numbers)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_next_float_is_one_ulp_away(x: float) -> None:
    after = math.nextafter(x, math.inf)
    if math.isfinite(after):
        assert ulps(as_array([x]), as_array([after]))[0] == 1


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [
        (0.0, -0.0, 0),
        ("NaN", "NaN", 0),
        (1.0, "NaN", math.inf),
        ("Infinity", 1.0, math.inf),
        (5e-324, -5e-324, 2),
        (1.0, 1.0 + 2.0**-52, 1),
    ],
)
def test_ulps_at_the_edges(a: Any, b: Any, apart: float) -> None:
    assert ulps(as_array([a]), as_array([b]))[0] == apart


def test_the_shortest_decimals_of_a_float32_port_are_read_as_the_float32_they_stand_for() -> None:
    number = np.float32(1 / 3)
    answer: Answer = {"/x": Numbers(float(number), 0.0)}
    shortest = {"x": float(str(number))}
    assert compare(answer, shortest, "float32").divergences == ()
    assert compare(answer, shortest, "float64").divergences != ()
    assert compare(answer, {"x": float(np.nextafter(number, np.float32(1)))}, "float32").divergences
    assert compare(answer, {"x": 1e300}, "float32").divergences


@pytest.mark.parametrize("item", [True, "1.0", None, 10**400, {}, "nan"])
def test_what_is_no_number_is_none_even_where_it_could_be_made_one(item: Any) -> None:
    for value, got in ((1.0, item), ([1.0, 2.0], [item, 2.0]), ([[1.0]], [[item]])):
        (divergence,) = compare({"/a": Numbers(value, 1e-12)}, {"a": got}).divergences
        assert divergence.pointer.startswith("/a")


def test_lists_in_lists_without_end_are_of_another_shape() -> None:
    nested: Any = 1.0
    for _ in range(900):
        nested = [nested]
    (divergence,) = compare({"/a": Numbers([1.0], 1e-12)}, {"a": nested}).divergences
    assert divergence.expected == "numbers[1]"


def test_a_list_that_goes_on_and_on_is_not_compared_to_its_end() -> None:
    endless = {"a": [[1, 2], [*range(10**6)]]}
    (divergence,) = compare({"/a": Exact([[1, 2], [3]])}, endless).divergences
    assert divergence.pointer.startswith("/a/1/")
    assert divergence.wrong <= 1 + BEYOND
