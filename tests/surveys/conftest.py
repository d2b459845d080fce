"""Fixtures of the tests of scoreboards."""

from pathlib import Path

import pytest

from tests.support.ports.broken import folder_of
from tests.support.scoreboards import Make


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda name, *parts: folder_of(tmp_path / name, *parts)
