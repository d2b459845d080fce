"""What surrounds the models: documents, updates, choices, expressions, counts."""

import math

import numpy as np
import pytest
from microgpt_numpy.adam import Adam
from microgpt_numpy.array import Array
from microgpt_numpy.counts import Counts
from microgpt_numpy.expression import Node, evaluate
from microgpt_numpy.model import Sizes
from microgpt_numpy.optimizer import cosine, linear
from microgpt_numpy.sampling import choose, sample
from microgpt_numpy.sgd import Sgd
from microgpt_numpy.tokenizer import Marks, Tokenizer, read_documents

ADAM = Adam(0.01, 1000, linear, 0.85, 0.99, 1e-8)
SIZES = Sizes(n_embd=4, n_head=1, n_layer=1, block_size=3)


def test_lines_are_stripped_and_blank_ones_dropped() -> None:
    assert read_documents("  jay\r\n\n\t \nowl\u3000\n\ufeffkite") == ["jay", "owl", "\ufeffkite"]


def test_tokens_are_places_in_the_sorted_alphabet_between_two_marks() -> None:
    tokenizer = Tokenizer.of(["owl", "\U0001f989"])
    assert tokenizer.characters == ["l", "o", "w", "\U0001f989"]
    assert tokenizer.encode(["low\U0001f989"]) == [[4, 0, 1, 2, 3, 4]]


def test_two_marks_stand_before_the_alphabet() -> None:
    tokenizer = Tokenizer.of(["ab"], separate_marks=True)
    assert tokenizer.encode(["ab"]) == [[0, 2, 3, 1]]
    assert tokenizer.vocab_size == 4
    assert tokenizer.decode([2, 0, 3, 1]) == "a<BOS>b"


def test_one_mark_is_never_printed() -> None:
    assert Tokenizer.of(["ab"]).decode([1, 0, 2]) == "ba"


def test_the_first_step_of_adam_is_the_learning_rate_against_the_gradients_sign() -> None:
    weights = {"w": np.array([[1.0, 2.0]])}
    state = ADAM.update(ADAM.start(weights), {"w": np.array([[0.5, -3.0]])}, 0)
    assert state.weights["w"] == pytest.approx(np.array([[0.99, 2.01]]), abs=1e-9)


def test_weights_without_gradient_move_on_by_their_momentum() -> None:
    state = ADAM.start({"w": np.array([[1.0]])})
    state = ADAM.update(state, {"w": np.array([[1.0]])}, 0)
    moved = ADAM.update(state, {"w": np.array([[0.0]])}, 1)
    assert moved.weights["w"] < state.weights["w"]


def test_gradient_descent_carries_nothing_but_the_weights() -> None:
    optimizer = Sgd(0.5, 4, linear)
    state = optimizer.start({"w": np.array([[1.0, 2.0]])})
    state = optimizer.update(state, {"w": np.array([[4.0, -8.0]])}, 2)
    assert state.weights["w"].tolist() == [[0.0, 4.0]]
    assert list(state.named()) == ["weights"]


def test_the_learning_rate_falls_to_nearly_0() -> None:
    assert ADAM.rate(0) == 0.01
    assert ADAM.rate(999) == pytest.approx(1e-5)
    falling = Sgd(0.1, 500, cosine)
    assert [falling.rate(step) for step in (0, 250)] == pytest.approx([0.1, 0.05])
    assert falling.rate(499) == pytest.approx(0.1 * math.sin(math.pi / 1000) ** 2)


def counts(*rows: list[float]) -> dict[str, Array]:
    return {"counts": np.array(rows)}


def test_counting_tells_the_loss_first_and_then_adds_every_pair() -> None:
    table = Counts(SIZES)
    step = table.learn(table.start(counts([0.0, 3.0], [1.0, 0.0])), [1, 0, 1, 0, 1], 7)
    assert step.loss == pytest.approx(-(2 * math.log(2 / 3) + 2 * math.log(4 / 5)) / 4)
    assert step.state.weights["counts"].tolist() == [[0.0, 5.0], [3.0, 0.0]]
    assert (step.number, step.learning_rate) == (7, None)


def test_what_was_never_counted_is_possible() -> None:
    table = Counts(SIZES)
    assert table.probabilities(counts([0.0, 0.0], [8.0, 0.0]), [0, 1], 9.0).tolist() == [0.9, 0.1]


def test_a_sample_ends_at_its_end_or_when_the_block_is_full() -> None:
    table, weights = Counts(SIZES), counts(*[[0.0, 0.0, 0.0]] * 3)
    one, two = Marks.of(3, separate=False), Marks.of(3, separate=True)
    assert sample(table, weights, one, 1.0, iter([0.0, 0.9, 0.0])) == [0, 2]
    assert sample(table, weights, two, 1.0, iter([0.0, 0.9, 0.0])) == [0, 2, 0]
    assert sample(table, weights, two, 1.0, iter([0.5])) == [1]


def test_what_has_no_weight_is_never_chosen() -> None:
    probabilities = np.array([0.0, 0.25, 0.0, 0.75])
    assert [choose(probabilities, u) for u in (0.0, 0.2, 0.25, 0.999)] == [1, 1, 3, 3]


def test_an_expression_is_differentiated_by_all_its_leaves() -> None:
    def leaf(number: float) -> Node:
        return Node("leaf", [], [np.float64(number)])

    nodes = [leaf(2), leaf(5), leaf(9), Node("mul", [0, 1], []), Node("mul", [3, 0], [])]
    assert evaluate(nodes) == (20.0, [20.0, 4.0, 0.0])
