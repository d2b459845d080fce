"""Fixtures of the tests of scoreboards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.scoreboards import Make, made


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a port's folder."""
    return lambda name, *parts: made(tmp_path, name, *parts)
