"""Explaining a divergence: the first wrong place, names, symptoms."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from conformance.cases import all_cases
from conformance.cases.budget_origin import offer_of
from conformance.cases.request import Request
from conformance.explanation.diagnosing import Run, diagnose
from conformance.explanation.diagnosis import Diagnosis
from conformance.explanation.fitting import cost_of
from conformance.explanation.judged_cases import JudgedCases
from conformance.explanation.program_place import place_of
from conformance.explanation.symptoms import constant_ratio
from conformance.mistakes import MISTAKES
from conformance.runs.running import judge_port
from ports_adapter.manifest import Port
from tests.support.catalogue import some_mistakes
from tests.support.suite import ROOT, MakePort, oracle_port

LETTER = ("forward/one-letter", "backward/one-letter")
MODEL = ("forward/cold-step-1", "backward/cold-step-1", *LETTER)
QUICK = (
    "autograd/one-neuron", "autograd/relu*", "layers/softmax-*", "layers/rms*", *MODEL, "adam",
    "train/warm-start",
)  # fmt: skip

OURS = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
"""So that a port made for a test can use the program."""


def params_of(slug: str) -> Any:
    case = next(case for case in all_cases(1, "float64") if case.slug == slug)
    return case.question(offer_of("float64"))


def diagnosis(port: Port, patterns: Sequence[str], *mistakes: str) -> Diagnosis:
    """A port's diagnosis without its smallest case; the mistakes in its command are tried."""
    cases = JudgedCases()
    report = judge_port(port, Request(port.label, tuple(patterns), seed=1), cases)
    tried = some_mistakes(*mistakes, *(word for word in port.run if word in MISTAKES))
    return diagnose(Run(port, report, cases, tried), lambda _words: None, lambda _run: [])


def slugs(found: Diagnosis) -> list[list[str]]:
    return [name.slugs for name in found.names]


def blamed(found: Diagnosis) -> str:
    assert found.divergence is not None
    return found.divergence.place.operation


# Where.


@pytest.mark.slow
def test_with_intermediates_a_wrong_backward_of_one_operation_is_found_in_the_model() -> None:
    found = diagnosis(oracle_port("cached-keys-detached"), LETTER)
    assert found.divergence is not None
    place = found.divergence.place
    assert place.node == "layer0.k"
    assert place.operation == (
        "the backward pass of the dot products, towards the keys of all positions so far"
    )
    assert (place.layer, place.position) == (0, 0)
    assert any("/intermediate_grads/layer0.v" in line for line in found.divergence.evidence)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("mistake", "part"),
    [
        ("positions-from-1", "the embedding, the first RMSNorm"),
        ("gelu-for-relu", "the MLP with its RMSNorm"),
        ("keys-and-values-swapped", "attention's RMSNorm, values"),
        ("attention-window-of-8", ""),
        ("attention-scale-missing", "attention's scores"),
        ("input-norm-missing", "the embedding, the first RMSNorm"),
    ],
)
def test_a_black_box_is_probed_until_the_part_is_known(mistake: str, part: str) -> None:
    long = ("forward/beyond-block-size",) if "window" in mistake else ()
    found = diagnosis(oracle_port(mistake, "--black-box"), (*MODEL, *long))
    assert found.divergence is not None
    assert part in blamed(found)
    assert [mistake] in slugs(found)
    asked = [line for line in found.divergence.evidence if "at 0" in line or "all weights" in line]
    assert asked
    assert all(line.startswith("Correct") for line in asked[:-1])


@pytest.mark.slow
def test_a_black_box_whose_gradients_alone_are_wrong_is_probed_backward() -> None:
    found = diagnosis(oracle_port("cached-keys-detached", "--black-box"), LETTER)
    assert "attention's scores" in blamed(found)
    assert found.divergence is not None
    assert found.divergence.place.pointer.startswith("/grads/layer0.attn_wk/")


@pytest.mark.slow
def test_what_was_judged_from_injected_inputs_is_sound_and_what_follows_is_tainted() -> None:
    patterns = ("autograd/one-neuron", "layers/rms*", *LETTER, "adam/c*", "train/warm-start")
    found = diagnosis(oracle_port("bias-correction-missing"), patterns)
    assert found.divergence is not None
    assert found.divergence.case.startswith("adam/")
    assert set(found.divergence.sound) == {"autograd", "layers", "forward", "backward"}
    assert found.divergence.tainted == ["train/warm-start"]


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        (
            "/intermediates/layer0.attn_scores/3/1/2",
            "layer0.attn_scores, position 3, head 1, key 2",
        ),
        (
            "/intermediate_grads/layer0.q/4/9",
            "the gradient at layer0.q, position 4, head 2, element 9",
        ),
        ("/grads/layer0.attn_wq/5/2", "the gradient of layer0.attn_wq, head 1, row 5, column 2"),
        ("/grads/layer0.attn_wo/5/2", "the gradient of layer0.attn_wo, head 0, row 5, column 2"),
        ("/grads/wte/3/0", "the gradient of wte, token 3, column 0"),
        ("/logits/2/26", "logits, position 2, token 26"),
        ("/losses/1", "the loss, position 1"),
    ],
)
def test_a_pointer_becomes_a_place_in_words(pointer: str, words: str) -> None:
    params = params_of("backward/one-letter")
    assert place_of(pointer, params, "backward").words == words


# Which mistake.


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "mistake",
    ["softmax-gradient-sign", "adam-epsilon-1e-7", "cache-not-reset", "loss-over-one-more"],
)
def test_a_known_mistake_is_named_alone(mistake: str) -> None:
    found = diagnosis(oracle_port(mistake), (*QUICK, "train/cold-start"))
    assert slugs(found) == [[mistake]]
    assert found.names[0].explains == found.names[0].values > 0
    assert float(found.names[0].worst) < 1


@pytest.mark.slow
def test_twins_are_both_named_with_the_experiment_that_tells_them_apart() -> None:
    found = diagnosis(oracle_port("constant-learning-rate"), ("adam/warm*", "adam/cold*"))
    assert ["constant-learning-rate"] in slugs(found)
    assert len(found.names) > 1
    for name in found.names:
        assert name.experiments
        (slug,) = name.slugs
        assert slug == "constant-learning-rate" or "constant-learning-rate" in MISTAKES[slug].twins


@pytest.mark.slow
@pytest.mark.sampled(1, group="two mistakes")
def test_two_mistakes_in_two_levels_are_named_together() -> None:
    patterns = ("layers/rms*", *LETTER, "adam/c*")
    found = diagnosis(oracle_port("rms-epsilon-1e-6", "epsilon-inside-the-root"), patterns)
    assert sorted(found.names[0].slugs) == ["epsilon-inside-the-root", "rms-epsilon-1e-6"]
    assert len(found.names) == 1
    assert found.divergence is not None
    assert any("Independently, adam fails too" in line for line in found.divergence.evidence)


@pytest.mark.slow
@pytest.mark.sampled(1, group="two mistakes")
def test_two_mistakes_in_one_level_are_named_together() -> None:
    found = diagnosis(oracle_port("rms-epsilon-1e-6", "relu-gradient-always-1"), MODEL)
    assert sorted(found.names[0].slugs) == ["relu-gradient-always-1", "rms-epsilon-1e-6"]


@pytest.mark.slow
def test_a_mistake_that_ends_the_program_is_named_by_where_it_does() -> None:
    found = diagnosis(
        oracle_port("sorts-recursively"), ("backward/deep-model", "backward/one-letter")
    )
    assert ["sorts-recursively"] in slugs(found)


@pytest.mark.slow
def test_a_sound_function_beside_a_wrong_model_does_not_refute_a_name(make_port: MakePort) -> None:
    """Ports may have a function twice: right by itself, wrong inside the model."""
    source = """
from conformance.mistakes import MISTAKES, applied, patched_port
from conformance.oracle import reference_answer
right_answer = reference_answer.answer
def answer(method, params, *rest):
    patch = MISTAKES["rms-epsilon-1e-6"].patch() if method in ("forward", "backward") else {}
    with applied(patch):
        return right_answer(method, params, *rest)
reference_answer.answer = answer
patched_port.main()
"""
    found = diagnosis(
        make_port(OURS + source, start=30.0, message=30.0),
        ("layers/rms*", *LETTER),
        "rms-epsilon-1e-6",
    )
    assert slugs(found) == [["rms-epsilon-1e-6"]]


# What the errors look like.


def test_a_constant_ratio_is_found_and_noise_is_none() -> None:
    right = np.random.default_rng(1).normal(size=40)
    assert constant_ratio(right, 3 * right) == pytest.approx(3)
    assert constant_ratio(right, right) is None
    assert constant_ratio(right, right + 0.1) is None
    assert constant_ratio(right[:3], 3 * right[:3]) is None


@pytest.mark.slow
def test_a_loss_that_is_scaled_otherwise_has_its_factor_said(make_port: MakePort) -> None:
    source = """
from conformance.mistakes import apply, patched_port
from conformance.mistakes.seams.training import loss_with
apply(loss_with(mean_loss=lambda losses, _config: sum(losses[1:], losses[0]) * 0.37))
patched_port.main()
"""
    found = diagnosis(make_port(OURS + source, start=30.0, message=30.0), LETTER)
    assert found.names == []
    assert any("times the expected ones" in line for line in found.symptoms)


def test_a_question_costs_about_what_it_computes() -> None:
    one, many = (cost_of(params_of(f"backward/{name}")) for name in ("one-letter", "block-size"))
    assert 4 < many / one < 16
    assert math.isfinite(many)
