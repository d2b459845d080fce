"""What surrounds the model: documents, Adam, choices, expressions."""

import numpy as np
import pytest
from microgpt_numpy import adam
from microgpt_numpy.expression import Node, evaluate
from microgpt_numpy.program import choose
from microgpt_numpy.tokenizer import Tokenizer, read_documents

OPTIMIZER = adam.Optimizer(0.01, 0.85, 0.99, 1e-8, 1000)


def test_lines_are_stripped_and_blank_ones_dropped() -> None:
    assert read_documents("  jay\r\n\n\t \nowl\u3000\n\ufeffkite") == ["jay", "owl", "\ufeffkite"]


def test_tokens_are_places_in_the_sorted_alphabet_between_two_marks() -> None:
    tokenizer = Tokenizer.of(["owl", "\U0001f989"])
    assert tokenizer.characters == ["l", "o", "w", "\U0001f989"]
    assert tokenizer.encode(["low\U0001f989"]) == [[4, 0, 1, 2, 3, 4]]


def test_the_first_step_of_adam_is_the_learning_rate_against_the_gradients_sign() -> None:
    weights = {"w": np.array([[1.0, 2.0]])}
    state = adam.update(adam.start(weights), {"w": np.array([[0.5, -3.0]])}, OPTIMIZER, 0)
    assert state.weights["w"] == pytest.approx(np.array([[0.99, 2.01]]), abs=1e-9)


def test_weights_without_gradient_move_on_by_their_momentum() -> None:
    state = adam.start({"w": np.array([[1.0]])})
    state = adam.update(state, {"w": np.array([[1.0]])}, OPTIMIZER, 0)
    moved = adam.update(state, {"w": np.array([[0.0]])}, OPTIMIZER, 1)
    assert moved.weights["w"] < state.weights["w"]


def test_the_learning_rate_falls_to_nearly_0() -> None:
    assert OPTIMIZER.rate(0) == 0.01
    assert OPTIMIZER.rate(999) == pytest.approx(1e-5)


def test_what_has_no_weight_is_never_chosen() -> None:
    probabilities = np.array([0.0, 0.25, 0.0, 0.75])
    assert [choose(probabilities, u) for u in (0.0, 0.2, 0.25, 0.999)] == [1, 1, 3, 3]


def test_an_expression_is_differentiated_by_all_its_leaves() -> None:
    def leaf(number: float) -> Node:
        return Node("leaf", [], [np.float64(number)])

    nodes = [leaf(2), leaf(5), leaf(9), Node("mul", [0, 1], []), Node("mul", [3, 0], [])]
    assert evaluate(nodes) == (20.0, [20.0, 4.0, 0.0])
