"""`conformance doctor`: examine the machine, and print the findings."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from conformance.judging.outcome import ExitCode
from conformance.reports.terminal.safe_console import put, screen
from golden.json_documents import encoded

from .checkup import checkup
from .finding import Finding, Part, State

STYLES = {
    State.GOOD: "green",
    State.LIMITED: "yellow",
    State.MISSING: "yellow",
    State.BROKEN: "bold red",
}


def examine(*, as_json: bool) -> ExitCode:
    """Examine the machine, and print the findings; `SUITE_FAULT` if the suite cannot run here."""
    findings = checkup()
    if as_json:
        sys.stdout.buffer.write(encoded(findings))
    else:
        show(findings, screen())
    is_broken = any(finding.state is State.BROKEN for finding in findings)
    return ExitCode.SUITE_FAULT if is_broken else ExitCode.PASS


def show(findings: Sequence[Finding], console: Console) -> None:
    """Print findings part by part, each with its advice."""
    for part in Part:
        put(console, part.capitalize(), "bold")
        for finding in findings:
            if finding.part is part:
                state = f"{finding.state:9}", STYLES[finding.state]
                head = Text.assemble(f"  {finding.name:11}", state)
                put(console, f"{finding.detail}\n{finding.advice}".rstrip(), first=head)
