"""Examining which toolchains the machine has for the suite's ports and kits."""

import shutil
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

from ports_adapter.quoting import printable

from .finding import Finding, Part, State

SECONDS = 20.0


class Tool(NamedTuple):
    """A command, its arguments to print its version, and the ports and kits that need it."""

    command: str
    version: tuple[str, ...]
    needed_for: str = ""


TOOLS = (
    Tool("make", ("--version",), "the Makefile, the C kit"),
    Tool("cc", ("--version",), "the C kit"),
    Tool("node", ("--version",), "the port js, the JavaScript kit"),
    Tool("cargo", ("--version",), "the port rust, the Rust kit"),
    Tool("swift", ("--version",), "the port swift, the Swift kit"),
    Tool("git", ("--version",)),
    Tool("java", ("-version",)),
    Tool("go", ("version",)),
    Tool("dotnet", ("--version",)),
    Tool("zig", ("version",)),
    Tool("julia", ("--version",)),
    Tool("ghc", ("--version",)),
    Tool("ruby", ("--version",)),
)


def toolchains() -> Iterator[Finding]:
    """The installed toolchains, and the missing ones that the suite could use."""
    for tool in TOOLS:
        use = f" (for {tool.needed_for})" if tool.needed_for else ""
        if shutil.which(tool.command):
            version = _version(tool)
            state = State.GOOD if version else State.LIMITED
            told = version or "installed, but does not print its version"
            yield Finding(Part.TOOLCHAINS, tool.command, state, f"{told}{use}")
        elif tool.needed_for:
            advice = "install it, or do without; `make conform-all` leaves these ports out"
            yield Finding(Part.TOOLCHAINS, tool.command, State.MISSING, f"not on PATH{use}", advice)


def _version(tool: Tool) -> str:
    """The first line that a tool prints about its version, or nothing."""
    try:
        told = subprocess.run(
            (tool.command, *tool.version),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = [line for line in told.stdout.decode(errors="replace").splitlines() if line.strip()]
    return printable(lines[0].strip(), 80) if lines and told.returncode == 0 else ""
