"""The tools that some tests need, whether this machine has them, and how to install them."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ports_adapter.browser.availability import BROWSERS
from ports_adapter.containment import sandbox
from reference.data import names_path


@dataclass(frozen=True, slots=True)
class Tool:
    """Something outside of Python that a test runs: how to find it, and how to install it."""

    is_here: Callable[[], bool]
    install: str


def _on_path(*commands: str) -> Callable[[], bool]:
    return lambda: any(map(shutil.which, commands))


@cache
def python_with_torch() -> str | None:
    """An interpreter of Python that has PyTorch: that of the tests, or the system's."""
    for python in (sys.executable, "/usr/bin/python3"):
        finds = [python, "-c", "import importlib.util as u; exit(not u.find_spec('torch'))"]
        if Path(python).exists() and subprocess.run(finds, check=False).returncode == 0:
            return python
    return None


@cache
def zig() -> str | None:
    """The command of Zig: on the PATH, or in the Python package `ziglang`."""
    if on_path := shutil.which("zig"):
        return on_path
    package = find_spec("ziglang")
    return str(Path(package.origin).with_name("zig")) if package and package.origin else None


TOOLS = {
    "node": Tool(_on_path("node"), "install Node 18 or newer (apt-get install nodejs npm)"),
    "cargo": Tool(_on_path("cargo"), "install Rust (https://rustup.rs)"),
    "swift": Tool(_on_path("swift"), "install Swift 6 (https://swift.org/install)"),
    "cc": Tool(_on_path("cc"), "install a C compiler (apt-get install gcc)"),
    "c++": Tool(_on_path("c++"), "install a C++ compiler (apt-get install g++)"),
    "rustc": Tool(_on_path("rustc"), "install Rust (https://rustup.rs)"),
    "go": Tool(_on_path("go"), "install Go (apt-get install golang-go)"),
    "java": Tool(_on_path("javac"), "install Java 17 (apt-get install openjdk-17-jdk-headless)"),
    "mono": Tool(_on_path("mcs"), "install Mono (apt-get install mono-mcs)"),
    "shell": Tool(
        lambda: all(map(shutil.which, ("bash", "sh", "cp", "false", "sleep"))),
        "put bash and the core utilities on the PATH",
    ),
    "ruby": Tool(_on_path("ruby"), "apt-get install ruby"),
    "lua": Tool(_on_path("lua5.4"), "apt-get install lua5.4"),
    "php": Tool(_on_path("php"), "apt-get install php-cli"),
    "sbcl": Tool(_on_path("sbcl"), "apt-get install sbcl"),
    "ocaml": Tool(_on_path("ocamlopt"), "apt-get install ocaml-nox"),
    "haskell": Tool(_on_path("ghc"), "apt-get install ghc"),
    "guile": Tool(_on_path("guile"), "apt-get install guile-3.0"),
    "tsc": Tool(_on_path("tsc"), "apt-get install node-typescript"),
    "nim": Tool(_on_path("nim"), "apt-get install nim"),
    "elixir": Tool(_on_path("elixir"), "apt-get install elixir"),
    "kotlin": Tool(_on_path("kotlinc"), "apt-get install kotlin"),
    "zig": Tool(lambda: zig() is not None, "pip install ziglang"),
    "torch": Tool(lambda: python_with_torch() is not None, "apt-get install python3-torch"),
    "git": Tool(_on_path("git"), "install git (apt-get install git)"),
    "chromium": Tool(_on_path(*BROWSERS), "install Chromium (apt-get install chromium)"),
    "bubblewrap": Tool(lambda: not sandbox.why_not(), "apt-get install bubblewrap"),
    "names.txt": Tool(lambda: names_path() is not None, "make data, or set MICROGPT_NAMES"),
}

OF_PORT = {"js": "node", "js:page": "chromium", "rust": "cargo", "swift": "swift", "c": "cc"}
"""The tool of a port, kit or language, which a parameter of a test may name."""


@cache
def is_here(tool: str) -> bool:
    return TOOLS[tool].is_here()


def of_parameters(values: Iterable[Any]) -> set[str]:
    """The tools that a test's parameters call for: `rust:float32` needs Cargo."""
    ports = {value for v in values if isinstance(value := getattr(v, "port", v), str)}
    ports |= {port.partition(":")[0] for port in ports}
    return {OF_PORT[port] for port in ports & set(OF_PORT)}


def missing(tools: Iterable[str]) -> str:
    """Why a test cannot run here, empty if it can."""
    absent = [tool for tool in sorted(tools) if not is_here(tool)]
    return "; ".join(f"needs {tool}: {TOOLS[tool].install}" for tool in absent)
