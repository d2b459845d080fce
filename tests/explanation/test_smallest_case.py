"""The smallest case: small indeed, still failing, and right on a right port."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.explanation.printing.content import MOST_NUMBERS, question_text, rows_of
from conformance.explanation.shrinking.repeated_questions import Asker, GivenUp
from conformance.explanation.shrinking.search import Smallest, complexity, smallest
from conformance.judging.outcome import Outcome
from ports_adapter.manifest import find_port
from ports_adapter.messages import AdamParams, EvaluateParams, Message, VectorParams
from tests.support.ports.broken import ENDLESS
from tests.support.smallest_cases import SOON, divergences, found
from tests.support.suite import ROOT, MakePort, oracle_port


@pytest.fixture(scope="module")
def right() -> Iterator[Asker]:
    """The canonical program."""
    with Asker(oracle_port()) as asker:
        yield asker


SMALL: list[tuple[str, str, Callable[[Any], bool]]] = [
    ("product-gradients-swapped", "evaluate", lambda p: len(p.nodes) <= 3),
    ("relu-gradient-always-1", "evaluate", lambda p: len(p.nodes) == 2),
    ("rms-scale-detached", "rmsnorm", lambda p: p.x == [1.0] and p.output_grad == [1.0]),
    ("softmax-denominator-detached", "softmax", lambda p: len(p.x) == 1),
    ("transposed-linear-when-square", "linear", lambda p: len(p.x) == len(p.w) == 2),
    ("cached-keys-detached", "attention", lambda p: len(p.q) == 1 and len(p.k) == 2),
    ("rms-scale-detached", "backward", lambda p: p.sizes.n_embd == 1 and len(p.tokens) == 2),
    ("loss-summed-not-averaged", "backward", lambda p: p.sizes.block_size == 2),
    ("bias-correction-missing", "adam", lambda p: p.step == 0 and p.grads["wte"][0] == [1.0]),
    ("bias-correction-missing", "train", lambda p: p.steps == 1 and len(p.documents[0]) == 2),
]


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize(("mistake", "method", "is_small"), SMALL)
def test_the_smallest_case_of_a_mistake_is_small_still_fails_and_is_right(
    mistake: str, method: str, is_small: Callable[[Message], bool], right: Asker
) -> None:
    case = found(oracle_port(mistake), method)
    assert is_small(case.params), case.about
    assert case.method == method
    assert divergences(right, case) == ()


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("method", ["evaluate", "softmax", "backward", "adam", "train"])
def test_of_a_right_port_nothing_is_found(method: str, right: Asker) -> None:
    assert smallest(right, method, seconds=SOON) is None


@pytest.mark.slow
def test_single_precision_is_no_mistake() -> None:
    for method in ("linear", "attention"):
        with Asker(find_port("python:float32")) as asker:
            assert smallest(asker, method, seconds=SOON) is None


@pytest.mark.slow
def test_a_sentence_tells_what_is_right_and_what_the_port_gives() -> None:
    case = found(oracle_port("assigns-gradients"), "evaluate")
    assert case.about == "x + x at x = 0: expected 2 for the gradient of x, got 1"


@pytest.mark.slow
def test_faint_errors_are_found_too() -> None:
    case = found(oracle_port("state-kept-in-float32"), "adam")
    assert case.about.startswith("adam, step 1 of 1000, all 0 except grads/wte/0/0 = 1: ")
    [nonzero] = [g for rows in case.params.grads.values() for row in rows for g in row if g]  # type: ignore[attr-defined]
    assert nonzero == 1.0


@pytest.mark.slow
def test_a_port_bound_to_the_profile_is_asked_with_almost_everything_0(narrow: Smallest) -> None:
    assert isinstance(narrow.params, AdamParams)
    assert narrow.params.sizes.n_embd == 16
    assert sum(g != 0 for rows in narrow.params.grads.values() for row in rows for g in row) == 1
    text, zeros = question_text(narrow)
    assert len(text) < 4000
    assert zeros
    rows, total = rows_of(narrow)
    assert len(rows) == MOST_NUMBERS < total
    assert narrow.divergences[0].pointer in {row.pointer for row in rows}


@pytest.mark.slow
def test_only_what_fails_alike_counts() -> None:
    case = found(oracle_port("sorts-recursively"), "evaluate", Outcome.CRASH)
    assert isinstance(case.params, EvaluateParams)
    assert len(case.params.nodes) <= 2002
    assert case.divergences == ()
    assert case.failure in case.about
    with Asker(oracle_port("softmax-denominator-detached")) as asker:
        assert smallest(asker, "softmax", Outcome.ERROR, seconds=SOON) is None


def test_a_port_that_always_dies_is_given_up(make_port: MakePort) -> None:
    port = make_port("raise SystemExit")
    with Asker(port) as asker:
        assert smallest(asker, "softmax") is None
        with pytest.raises(GivenUp):
            _ = asker.offer


@pytest.mark.slow
def test_a_port_that_never_ends_its_steps_is_cut_off(make_port: MakePort) -> None:
    case = found(make_port(ENDLESS), "train", Outcome.VIOLATION)
    assert "more than the requested 1 step" in case.failure


def test_what_is_no_method_to_shrink_finds_nothing(right: Asker) -> None:
    assert smallest(right, "tokenize") is None


@pytest.mark.slow
def test_nothing_is_written_where_somebody_works(tmp_path: Path) -> None:
    program = (
        "from tests.support.suite import oracle_port\n"
        "from conformance.explanation.shrinking.repeated_questions import Asker\n"
        "from conformance.explanation.shrinking.search import smallest\n"
        "with Asker(oracle_port('assigns-gradients')) as asker:\n"
        "    assert smallest(asker, 'evaluate')\n"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_the_fewer_numbers_and_the_simpler_the_smaller() -> None:
    def size(*x: float) -> tuple[int, ...]:
        return complexity(VectorParams(x=list(x), output_grad=[]))

    assert size(0.5) < size(0.0, 0.0) < size(0.0, 1.0) < size(0.0, 2.0) < size(1.0, 1.0)
