"""A sample of the catalogue, for tests whose run time grows with the mistakes to try."""

import random

from conformance.mistakes import MISTAKES, Mistake
from tests.support.selection import chosen


def some_mistakes(*slugs: str) -> tuple[Mistake, ...]:
    """The given mistakes with their twins and ten others; all of them with --everything."""
    if chosen.everything:
        return tuple(MISTAKES.values())
    wanted = {*slugs, *(twin for slug in slugs for twin in MISTAKES[slug].twins)}
    wanted |= set(random.Random(f"{chosen.seed} {slugs}").sample(sorted(MISTAKES), 10))
    return tuple(entry for slug, entry in MISTAKES.items() if slug in wanted)
