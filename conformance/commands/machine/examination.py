"""`conformance doctor`: examine the machine and say what was found."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.text import Text

from conformance.judging.outcome import ExitCode
from conformance.reports.terminal.safe_console import put, screen

from .checkup import checkup
from .finding import Finding, Part, State

STYLES = {
    State.GOOD: "green",
    State.LIMITED: "yellow",
    State.MISSING: "yellow",
    State.BROKEN: "bold red",
}


def examine(*, as_json: bool) -> ExitCode:
    """Print what was found; `SUITE_FAULT` if the suite cannot run here, or else `PASS`."""
    findings = checkup()
    if as_json:
        content = msgspec.json.format(msgspec.json.encode(findings), indent=1)
        sys.stdout.buffer.write(content + b"\n")
    else:
        show(findings, screen())
    is_broken = any(finding.state is State.BROKEN for finding in findings)
    return ExitCode.SUITE_FAULT if is_broken else ExitCode.PASS


def show(findings: Sequence[Finding], console: Console) -> None:
    """Print findings part by part, with what to do where something is lacking."""
    for part in Part:
        put(console, part.capitalize(), "bold")
        for finding in findings:
            if finding.part is part:
                _show(finding, console)


def _show(finding: Finding, console: Console) -> None:
    head = Text.assemble(f"  {finding.name:11}", (f"{finding.state:9}", STYLES[finding.state]))
    put(console, f"{finding.detail}\n{finding.advice}".rstrip(), first=head)
