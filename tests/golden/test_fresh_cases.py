"""Cases drawn anew for a seed: no port passes by answers that it has recorded."""

from typing import Any

import pytest

from conformance.cases import all_cases
from conformance.cases.budget_origin import offer_of


def questions(seed: int) -> dict[str, Any]:
    cases = [case for case in all_cases(seed, "float64") if "fresh" in case.slug]
    return {case.slug: case.question(offer_of("float64")) for case in cases}


@pytest.mark.slow
def test_fresh_cases_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    first, again, other = questions(7), questions(7), questions(8)
    assert first == again
    assert [slug for slug in first if first[slug] == other[slug]] == []
    levels = {slug.partition("/")[0] for slug in first}
    assert levels == {
        "tokenizer", "autograd", "layers", "forward", "backward", "adam", "train", "random",
        "sample", "replicate",
    }  # fmt: skip
