"""A comparison of speeds from end to end: which ports, what was measured, where it goes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from conformance.cases.request import Request, Unusable
from conformance.judging.outcome import ExitCode
from conformance.reports.terminal.safe_console import put, screen
from conformance.runs.preparation import requested_port
from golden.json_documents import encoded
from golden.store import replace_file
from ports_adapter.containment.sandbox import NoSandbox, Sandbox
from ports_adapter.failures import BadManifest, NotBuilt, NotStarted, PortFailure

from ..all_ports import present_and_absent
from .benchmark_page import page_of
from .measurement import Speed, measure_port, measure_references
from .speed_table import show


def compare_speeds(
    ports: Sequence[str],
    html_path: Path | None,
    *,
    as_json: bool,
    sandbox: Sandbox = Sandbox.AUTO,
) -> ExitCode:
    """Measure ports, or all of ours, and the reference; print and write what came out.

    Raises:
        Unusable: a port's manifest or the page's place cannot be used.
    """
    status = screen(stderr=True)
    present, absent = present_and_absent()
    speeds = []
    for name in ports or present:
        put(status, f"measuring {name}")
        speeds.append(_measured(name, sandbox))
    put(status, "measuring the reference")
    speeds += measure_references()
    if not ports:
        speeds += [Speed(name, why=f"left out: {reason}") for name, reason in absent.items()]
    if as_json:
        sys.stdout.buffer.write(encoded(speeds))
    else:
        show(speeds, screen())
    if html_path is not None:
        try:
            replace_file(html_path, page_of(speeds).encode())
        except OSError as error:
            message = f"the page cannot be written to {html_path}: {error.strerror}"
            raise Unusable(message, ExitCode.USAGE) from None
    asked = speeds[: len(ports)] if ports else []
    return ExitCode.UNUSABLE_PORT if any(not speed.step for speed in asked) else ExitCode.PASS


def _measured(name: str, sandbox: Sandbox) -> Speed:
    try:
        return measure_port(requested_port(Request(name, sandbox=sandbox)))
    except (BadManifest, NoSandbox) as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    except (NotBuilt, NotStarted, PortFailure) as error:
        return Speed(name, why=str(error))
