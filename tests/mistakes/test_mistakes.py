"""Known mistakes, run as ports through the real protocol: each is caught, at the right level."""

import pytest

from conformance.judging.outcome import ExitCode
from conformance.mistakes import MISTAKES
from tests.support.suite import failed_levels, oracle_port, outcomes, run_suite

pytestmark = pytest.mark.slow

QUICK = (
    "tokenizer", "autograd", "layers", "forward/*step-1", "forward/fresh-1", "forward/one-letter",
    "backward/*step-1", "backward/fresh-1", "adam", "train/warm-start", "random", "sample",
)  # fmt: skip
"""At least one case of every level, the slow ones left out."""

ONE_OF_EACH = (
    "tokenizer/words", "autograd/one-neuron", "layers/linear-square", "forward/cold-step-1",
    "backward/cold-step-1", "adam/c*", "train/warm-start", "random/gauss", "sample/f*",
)  # fmt: skip

SOME = (
    "softmax-denominator-detached", "rms-scale-detached", "rms-epsilon-1e-6", "rms-epsilon-missing",
    "transposed-linear-when-square", "attention-scale-missing", "cached-keys-detached",
    "loss-of-log-p-plus-epsilon", "relu-gradient-always-1", "assigns-gradients",
    "sorts-recursively", "product-gradients-swapped", "loss-summed-not-averaged",
    "bias-correction-missing", "epsilon-inside-the-root", "adam-step-not-plus-1",
    "constant-learning-rate", "gauss-cache-dropped", "bytes-for-characters",
    "state-kept-in-float32",
)  # fmt: skip
"""Some of the catalogue, from every level but the last ones."""


def test_the_oracle_without_a_mistake_passes_bit_for_bit() -> None:
    report = run_suite(oracle_port(), *QUICK)
    assert report.exit_code is ExitCode.PASS
    assert report.grade.startswith("bit-identical")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("mistake", SOME)
def test_a_known_mistake_is_caught_where_it_is_made(mistake: str) -> None:
    report = run_suite(oracle_port(mistake), *QUICK)
    assert report.exit_code is ExitCode.FAIL
    assert failed_levels(report)[0] == MISTAKES[mistake].level
    assert report.first_divergence.startswith(MISTAKES[mistake].level)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "mistake", ["bias-correction-missing", "epsilon-inside-the-root", "constant-learning-rate"]
)
def test_a_mistake_in_adam_fails_adam_and_what_builds_on_it_only(mistake: str) -> None:
    report = run_suite(oracle_port(mistake), *ONE_OF_EACH, "adam")
    assert failed_levels(report) == ["adam", "train"]
    tainted = {case.slug: case.tainted_by for case in report.cases if case.tainted_by}
    assert set(tainted) == {"train/warm-start"}
    assert tainted["train/warm-start"].startswith("adam/")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("mistake", ["softmax-denominator-detached", "cached-keys-detached"])
def test_a_wrong_backward_pass_does_not_fail_adam_or_forward(mistake: str) -> None:
    failed = failed_levels(run_suite(oracle_port(mistake), *ONE_OF_EACH))
    assert "backward" in failed
    assert not {"forward", "adam", "sample", "random", "tokenizer"} & set(failed)


def test_a_recursive_sort_overflows_before_a_deep_model_and_before_no_other() -> None:
    report = run_suite(oracle_port("sorts-recursively"), "backward/deep-*", "backward/two-*")
    assert outcomes(report) == {"backward/two-layers": "pass", "backward/deep-model": "crash"}


def test_a_detached_key_is_blamed_on_the_keys_alone() -> None:
    report = run_suite(oracle_port("cached-keys-detached"), "backward/warm*")
    first = next(case for case in report.cases if case.differences)
    parts = [difference.part for difference in first.differences]
    assert parts[0] == "/intermediate_grads/layer0.k"
    assert "/grads/layer0.attn_wq" not in parts


def test_without_intermediates_the_first_wrong_weight_is_blamed() -> None:
    report = run_suite(oracle_port("cached-keys-detached", "--black-box"), "backward/warm*")
    first = next(case for case in report.cases if case.differences)
    assert first.differences[0].part == "/grads/layer0.attn_wk"
