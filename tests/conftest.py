"""Fixtures that several folders of tests share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.asking import layout_search
from ports_adapter.manifest import Port
from ports_adapter.port_toml import Timeouts
from tests.support.suite import MakePort, python_port

if TYPE_CHECKING:
    from tests.support.browsing import Open, Tab

# A job in a shell's background ignores interrupts, and so would the programs that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_layout_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failing port is not asked again and again; the tests of layouts say how long."""
    monkeypatch.setattr(layout_search, "SECONDS", 0.0)


@pytest.fixture
def make_port(tmp_path: Path) -> MakePort:
    """Makes a real port in Python from the source of its program."""

    def make(
        source: str,
        *,
        start: float = 5.0,
        message: float = 5.0,
        **keys: object,
    ) -> Port:
        (tmp_path / "port.py").write_text(source)
        return python_port(
            tmp_path, "port.py", timeouts=Timeouts(start=start, message=message), **keys
        )

    return make


@pytest.fixture(scope="session")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A tab in a browser, which is started once."""
    from tests.support.browsing import Tab, launched

    with launched() as browser:
        yield Tab(browser, tmp_path_factory.mktemp("tab"))


@pytest.fixture
def opened(tab: Tab) -> Iterator[Open]:
    """Opens documents, which may ask nothing of the network and complain of nothing."""
    yield tab.open
    complaints = tab.complaints[:]
    tab.complaints.clear()
    assert complaints == []
