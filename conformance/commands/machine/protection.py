"""Examining what protects the machine from ports."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ports_adapter.containment import kernel, sandbox
from ports_adapter.containment.contained import Contained
from ports_adapter.containment.limits import Limits
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.containment.terms import Terms

from .finding import Finding, Part, State

_finding = partial(Finding, Part.PROTECTION)


def protection() -> Iterator[Finding]:
    """The findings about protection."""
    yield _guardian()
    yield _sandbox()
    yield _limits()
    yield _user()


def _guardian() -> Finding:
    name = "guardian"
    try:
        with tempfile.TemporaryDirectory() as folder:
            nothing = subprocess.DEVNULL
            terms = Terms(sandbox=Sandbox.NEVER)
            program = Contained(
                ("true",), Path(folder), terms, stdin=nothing, stdout=nothing, stderr=nothing
            )
            code = program.wait(10)
            program.close()
    except OSError as error:
        return _finding(name, State.BROKEN, f"no program can be started: {error}")
    if code != 0:
        return _finding(name, State.BROKEN, f"`true` ended with {code}")
    if not kernel.IS_LINUX:
        return _finding(
            name,
            State.LIMITED,
            "ends a port's process group, but not processes that leave it; limits on memory, "
            "processes and writing work on Linux alone",
        )
    return _finding(name, State.GOOD, "ends every process of a port, even if the suite is killed")


def _sandbox() -> Finding:
    why = sandbox.why_not()
    if why:
        return _finding(
            "sandbox",
            State.LIMITED,
            f"ports can use the network, and read and write all your files: {why}",
            "install or allow bubblewrap, or run strangers' ports in a container",
        )
    return _finding(
        "sandbox",
        State.GOOD,
        "bubblewrap: no network, only the port's folder can be written, other processes and keys "
        "in the home folder are hidden",
    )


def _limits() -> Finding:
    of = Limits()
    return _finding(
        "limits",
        State.GOOD if kernel.IS_LINUX else State.LIMITED,
        f"{of.memory_mib} MiB of memory, {of.processes} processes, {of.processor_s} s of processor "
        f"time, {of.written_mib} MiB written, files of {of.file_mib} MiB, "
        f"{of.open_files} open files; [limits] in port.toml changes them",
    )


def _user() -> Finding:
    if os.getuid() != 0:
        return _finding("user", State.GOOD, "not root")
    return _finding(
        "user",
        State.LIMITED,
        "root: outside the sandbox, a port or its build may do anything",
        "run the suite as an ordinary user, or in a container",
    )
