"""Runs of the suite against a port, and the canonical program as a port."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from conformance.cases.request import Request
from conformance.judging.report import CaseReport, Report
from conformance.runs.running import judge_port
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.manifest import Port, find_port

ROOT = Path(__file__).parents[2]


def python_port(folder: Path, *command: str, **keys: Any) -> Port:
    """A port that this Python runs in a folder."""
    standard = {"name": "made for a test", "language": "Python", "label": str(folder)}
    return Port(folder=folder, run=(sys.executable, *command), **standard | keys)


def module_port(module: str, *arguments: str, **keys: Any) -> Port:
    """A module of ours as a port; in a sandbox it could not read the tapes that are kept."""
    return python_port(ROOT, "-m", module, *arguments, sandbox=Sandbox.NEVER, **keys)


def oracle_port(*arguments: str) -> Port:
    """The canonical program behind the protocol, with a mistake or as a variant if one is named."""
    return module_port(
        "conformance.mistakes.patched_port",
        *arguments,
        name="the oracle",
        precision="float32" if "--float32" in arguments else "float64",
        label="oracle",
    )


def run_suite(
    port: Port | str, *patterns: str, seed: int = 1, names: bool = False, long: bool = False
) -> Report:
    """A run of the given cases, or of all."""
    found = find_port(port) if isinstance(port, str) else port
    return judge_port(found, Request(found.label, patterns, seed, names, long))


def printed(show: Callable[..., None], *shown: object, width: int = 80) -> str:
    """What is printed of something in a terminal of so many columns."""
    screen = io.StringIO()
    show(*shown, Console(file=screen, width=width))
    return screen.getvalue()


def unwrapped(printed: str) -> str:
    """What was printed, on one line, however it was wrapped."""
    return " ".join(printed.split())


def outcomes(report: Report) -> dict[str, str]:
    return {case.slug: str(case.outcome) for case in report.cases}


def failed_levels(report: Report) -> list[str]:
    return [str(level.level) for level in report.levels if level.outcome.is_failure]


def case_of(report: Report, slug: str) -> CaseReport:
    return next(case for case in report.cases if case.slug == slug)


def living(folder: Path) -> list[int]:
    """The processes that work in a folder: their ids as seen from here."""
    return [
        process.pid
        for process in psutil.process_iter(["cwd", "status"])
        if process.info["cwd"] == str(folder) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


MakePort = Callable[..., Port]
