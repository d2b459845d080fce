"""Makes programs for the tests that judge them."""

import sys
from pathlib import Path

import pytest

from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.manifest import Port
from ports_adapter.port_toml import Program, Timeouts
from tests.support.judged_programs import MakeProgram
from tests.support.programs import taped as taped_program
from tests.support.suite import ROOT


@pytest.fixture
def program(tmp_path: Path) -> MakeProgram:
    """A program in a folder of its own: Python source, or a command."""

    def make(
        source: str = "",
        *arguments: str,
        run: tuple[str, ...] = (),
        message: float = 60.0,
        sandbox: Sandbox = Sandbox.NEVER,  # many keep tapes in the user's cache, as ours do
        **keys: object,
    ) -> Port:
        folder = tmp_path / "program"
        folder.mkdir(exist_ok=True)
        (folder / "program.py").write_text(source)
        return Port(
            folder=folder,
            name="made for a test",
            language="Python",
            run=run or (sys.executable, "program.py", *arguments),
            kind="program",
            program=Program(**keys),  # type: ignore[arg-type]
            timeouts=Timeouts(start=message, message=message),
            label=str(folder),
            sandbox=sandbox,
        )

    return make


@pytest.fixture
def taped(program: MakeProgram) -> MakeProgram:
    """The tests' program on tapes, with these options."""

    def make(*options: str, **keys: object) -> Port:
        return program(Path(taped_program.__file__).read_text(), str(ROOT), *options, **keys)

    return make
