"""A port's repository for the tests of the plugin."""

from pathlib import Path

import pytest

from tests.support.port_sessions import change


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An honest port in a repository with a test of its own."""
    return change(tmp_path, "")
