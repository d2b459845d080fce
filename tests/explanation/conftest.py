"""A smallest case that several tests of explanations look at."""

import pytest

from conformance.explanation.shrinking.search import Smallest
from tests.support.smallest_cases import bound_to_the_profile, found


@pytest.fixture(scope="session")
def narrow() -> Smallest:
    """An update with mistaken moments, by a port that is bound to the profile."""
    return found(bound_to_the_profile("bias-correction-missing"), "adam")
