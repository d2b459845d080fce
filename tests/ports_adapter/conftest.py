"""Starts Python source as a port's process."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.process import PortProcess
from tests.support.processes import Made
from tests.support.suite import python_port


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    running = []

    def make(source: str, sandbox: Sandbox = Sandbox.NEVER, **keys: object) -> PortProcess:
        (tmp_path / "program.py").write_text(dedent(source))
        process = PortProcess(python_port(tmp_path, "program.py", sandbox=sandbox, **keys))
        running.append(process)
        return process

    yield make
    for process in running:
        process.close()
