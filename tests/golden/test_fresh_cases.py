"""Cases drawn anew for a seed: no port passes by answers that it has recorded."""

import sys
from typing import Any

import pytest
from msgspec import structs

from tests.support.suite import oracle_port, run_suite


@pytest.mark.slow
def test_fresh_cases_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    from conformance.cases import all_cases
    from conformance.cases.budget_origin import offer_of

    def questions(seed: int) -> dict[str, Any]:
        offer = offer_of("float64")
        cases = [case for case in all_cases(seed, "float64") if "fresh" in case.slug]
        return {case.slug: case.question(offer) for case in cases}

    first, again, other = questions(7), questions(7), questions(8)
    assert first == again
    assert [slug for slug in first if first[slug] == other[slug]] == []
    levels = {slug.partition("/")[0] for slug in first}
    assert levels == {
        "tokenizer", "autograd", "layers", "forward", "backward", "adam", "train", "random",
        "sample", "replicate",
    }  # fmt: skip


@pytest.mark.slow
def test_a_port_that_replays_recorded_answers_fails(tmp_path: Any) -> None:
    answers = str(tmp_path / "answers.json")
    command = (sys.executable, "-m", "tests.support.ports.replaying_port", answers)
    honest, replaying = (
        structs.replace(oracle_port(), run=(*command, *how)) for how in (("--record",), ())
    )
    levels = ("tokenizer", "layers", "forward", "backward", "adam", "random")
    quick = (*(f"{level}/*fresh*" for level in levels), "protocol/shutdown")
    assert run_suite(honest, *quick, seed=1).verdict.startswith("PASS")
    assert run_suite(replaying, *quick, seed=1).verdict.startswith("PASS")
    report = run_suite(replaying, *quick, seed=2)
    failed = {case.slug for case in report.cases if case.outcome == "error"}
    assert failed
    assert all("fresh" in slug for slug in failed)
    assert {slug.partition("/")[0] for slug in failed} >= set(levels)
