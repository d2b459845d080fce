"""The part of the plugin that is there while a port's cases are tests."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from conformance.anatomy.levels import Level
from conformance.judging.outcome import Outcome
from ports_adapter.manifest import described_by

from .items import Manifest
from .port_session import WORKER, Asking

NOTHING = (
    "NOTHING VERIFIED: no case beyond the protocol was asked and passed, "
    "so this says nothing about the port"
)


class Collecting:
    """Collects a port's cases, and watches that something is verified by them."""

    def __init__(self, config: pytest.Config, asking: Asking) -> None:
        self.config = config
        self.asking = asking
        self.is_worker = hasattr(config, "workerinput")
        self.verified = 0
        self.verified_nothing = False
        for level in Level:
            config.addinivalue_line("markers", f"{level}: a case of this level of a port")
        config.add_cleanup(self.close)
        _turn_termination_into_an_interrupt(config)

    def close(self) -> None:
        """End the port, however pytest ends."""
        self.asking.engine.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Build the port once: workers start later."""
        if not self.is_worker:
            self.asking = self.asking.prepared()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist what all of them ask."""
        node.workerinput[WORKER] = self.asking.told()

    def pytest_report_header(self) -> str:
        """Who is asked, about what, and from which seed."""
        port, asked = self.asking.port, self.asking.asked
        settings = f" with {', '.join(asked.settings)}" if asked.settings else ""
        return (
            f"port: {port.name} ({port.language}, {port.precision}), "
            f"profile {asked.profile}{settings}, seed {asked.seed}"
        )

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Manifest | None:
        """The port's manifest, which stands for its cases."""
        if file_path.resolve() != described_by(self.asking.port.folder):
            return None
        # Named so that `-k` does not find what the folders above are called.
        return Manifest.from_parent(parent, path=file_path, name=file_path.name, asking=self.asking)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what is verified, in whichever process it was asked."""
        said = dict(report.user_properties)
        if report.when == "call" and said.get("outcome") == Outcome.PASS:
            self.verified += said["level"] != Level.PROTOCOL

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Never end green with nothing verified."""
        if self.is_worker or self.config.getoption("collectonly"):
            return
        if session.exitstatus == pytest.ExitCode.OK and not self.verified:
            self.verified_nothing = True
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say so."""
        if self.verified_nothing:
            terminalreporter.write_line(NOTHING, red=True, bold=True)


def _turn_termination_into_an_interrupt(config: pytest.Config) -> None:
    """Whoever ends pytest wants the port ended too."""
    if threading.current_thread() is not threading.main_thread():
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def restore() -> None:
        signal.signal(signal.SIGTERM, before)

    config.add_cleanup(restore)
