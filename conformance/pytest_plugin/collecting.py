"""Collecting a port's cases as tests, and refusing a run that verifies nothing."""

import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from conformance.anatomy.levels import Level
from conformance.judging.outcome import Outcome
from ports_adapter.manifest import described_by

from .items import Manifest
from .port_session import WORKER, PortSession

NOTHING = (
    "NOTHING VERIFIED: no case beyond the protocol passed, so this says nothing about the port"
)


class Collecting:
    """The hooks that collect a port's cases and count what they verify."""

    def __init__(self, config: pytest.Config, port_session: PortSession) -> None:
        self.config = config
        self.port_session = port_session
        self.is_worker = hasattr(config, "workerinput")
        self.verified = 0
        self.verified_nothing = False
        for level in Level:
            config.addinivalue_line("markers", f"{level}: a case of this level of a port")
        config.add_cleanup(self.close)
        _turn_termination_into_an_interrupt(config)

    def close(self) -> None:
        """End the port; pytest calls this however it ends."""
        self.port_session.engine.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Build the port once, before the workers of pytest-xdist start."""
        if not self.is_worker:
            self.port_session = self.port_session.prepared()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker of pytest-xdist the seed and the profile of the run."""
        node.workerinput[WORKER] = self.port_session.worker_input()

    def pytest_report_header(self) -> str:
        """The port, the profile and the seed."""
        port, asked = self.port_session.port, self.port_session.asked
        settings = f" with {', '.join(asked.settings)}" if asked.settings else ""
        return (
            f"port: {port.name} ({port.language}, {port.precision}), "
            f"profile {asked.profile}{settings}, seed {asked.seed}"
        )

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Manifest | None:
        """The port's manifest, collected as the file of its cases."""
        if file_path.resolve() != described_by(self.port_session.port.folder):
            return None
        # Without the path in its name, `-k` does not match the names of folders.
        return Manifest.from_parent(
            parent, path=file_path, name=file_path.name, port_session=self.port_session
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the cases that verify something, in whichever process they were asked."""
        said = dict(report.user_properties)
        if report.when == "call" and said.get("outcome") == Outcome.PASS:
            self.verified += said["level"] != Level.PROTOCOL

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that verified nothing."""
        if self.is_worker or self.config.getoption("collectonly"):
            return
        if session.exitstatus == pytest.ExitCode.OK and not self.verified:
            self.verified_nothing = True
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say that nothing was verified."""
        if self.verified_nothing:
            terminalreporter.write_line(NOTHING, red=True, bold=True)


def _turn_termination_into_an_interrupt(config: pytest.Config) -> None:
    """Let SIGTERM interrupt pytest, so that the port is ended too."""
    if threading.current_thread() is not threading.main_thread():
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def restore() -> None:
        signal.signal(signal.SIGTERM, before)

    config.add_cleanup(restore)
