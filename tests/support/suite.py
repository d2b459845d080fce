"""Runs of the suite against a port, and the canonical program as a port."""

import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from conformance.cases.request import Request
from conformance.judging.report import CaseReport, Report
from conformance.runs.running import judge_port
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.manifest import Port, find_port

ROOT = Path(__file__).parents[2]


def oracle_port(*arguments: str) -> Port:
    """The canonical program behind the protocol, with a mistake or as a variant if one is named."""
    return Port(
        folder=ROOT,
        name="the oracle",
        language="Python",
        run=(sys.executable, "-m", "conformance.mistakes.patched_port", *arguments),
        precision="float32" if "--float32" in arguments else "float64",
        label="oracle",
        sandbox=Sandbox.NEVER,
    )


def run_suite(
    port: Port | str, *patterns: str, seed: int = 1, names: bool = False, long: bool = False
) -> Report:
    """A run of the given cases, or of all."""
    found = find_port(port) if isinstance(port, str) else port
    return judge_port(found, Request(found.label, patterns, seed, names, long))


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
