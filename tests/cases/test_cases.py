"""The cases: what makes them fair questions."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import pytest

from conformance.anatomy.judged_program import PUBLISHED
from conformance.anatomy.levels import BUILT_ON, Level, upstream
from conformance.cases import all_cases
from conformance.cases.budget_origin import offer_of
from conformance.cases.by_level.program import short
from conformance.oracle.reference_answer import config_of, run_of
from golden.goldens import load_trace
from golden.trace import floats
from ports_adapter.messages import SampleParams
from reference.corpus import EMBEDDED
from reference.sampling import choose_by, sample

OFFER = offer_of("float64")
CASES = all_cases(7, "float64")


def test_slugs_are_unique_and_every_level_has_cases() -> None:
    slugs = Counter(case.slug for case in CASES)
    assert max(slugs.values()) == 1
    assert {case.level for case in CASES} == set(Level) - {Level.SGD}


def test_cases_come_level_by_level_in_the_order_of_the_levels() -> None:
    order = [list(Level).index(case.level) for case in CASES]
    assert order == sorted(order)


def test_every_method_but_shutdown_is_asked() -> None:
    assert {case.method for case in CASES} >= set(PUBLISHED.methods) - {"shutdown"}


def test_a_level_builds_on_earlier_ones_only() -> None:
    for level, below in BUILT_ON.items():
        assert all(list(Level).index(b) < list(Level).index(level) for b in below)
        assert level not in upstream(level)


@pytest.mark.slow
def test_slugs_stay_the_same_whatever_the_seed() -> None:
    assert [case.slug for case in all_cases(8, "float32")] == [case.slug for case in CASES]


class Margin:
    """A choice that keeps how near a uniform ever came to choosing another token."""

    def __init__(self, uniforms: Sequence[float]) -> None:
        self.remaining = list(uniforms)
        self.smallest = 1.0

    def __call__(self, probabilities: Sequence[float]) -> int:
        uniform = self.remaining.pop(0)
        cumulative = list(accumulate(probabilities))
        # The last boundary is none: what lies beyond it is the last token all the same. What has
        # probability 0 ends exactly where it begins, however the others are rounded.
        distances = [abs(edge - uniform * cumulative[-1]) for edge in cumulative[:-1] if edge]
        self.smallest = min(self.smallest, *distances)
        return choose_by([uniform])(probabilities)


@pytest.mark.slow
def test_no_sample_hangs_on_a_rounding_error_even_in_single_precision() -> None:
    for case in CASES:
        if case.level is Level.SAMPLE:
            params = case.question(OFFER)
            assert isinstance(params, SampleParams)
            margin = Margin(params.uniforms)
            weights = floats(params.weights)
            bos = len(weights["wte"]) - 1
            sample(weights, bos, params.temperature, config_of(params), margin)
            assert margin.smallest > 1e-4, case.slug


def test_a_short_replication_ends_in_samples() -> None:
    run = run_of(short(PUBLISHED, EMBEDDED.read_text()))
    assert run.config.num_steps == 8
    assert run.num_params == 4192


def test_warm_cases_start_from_a_late_state_and_a_long_document() -> None:
    warm = [case for case in CASES if case.slug.startswith("backward/warm")]
    assert len(warm) == 2
    trace = load_trace()
    for case in warm:
        step = int(case.slug.rpartition("-")[2]) - 1
        assert step >= 450
        assert trace.steps[step].full() is not None
