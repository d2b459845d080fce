"""A smallest case that several tests of explanations look at."""

import pytest

from conformance.explanation.shrinking.search import Smallest
from tests.support.smallest_cases import bound_to_the_profile, found


@pytest.fixture(scope="session")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Smallest:
    """An update with mistaken moments, by a port that is bound to the profile."""
    folder = tmp_path_factory.mktemp("narrow")
    return found(bound_to_the_profile(folder, "bias-correction-missing"), "adam")
