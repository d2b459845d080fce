"""`conformance bench`: measure ports and the reference, and report their speeds."""

from collections.abc import Sequence

from conformance.cases.request import Request, Unusable
from conformance.judging.outcome import ExitCode
from conformance.reports.destinations import Forms, Outputs, write_report
from conformance.reports.terminal.safe_console import put, screen
from conformance.runs.preparation import requested_port
from golden.json_documents import encoded
from ports_adapter.containment.sandbox import NoSandbox, Sandbox
from ports_adapter.failures import BadManifest, NotBuilt, NotStarted, PortFailure

from ..all_ports import present_and_absent
from .benchmark_page import page_of
from .measurement import Speed, measure_port, measure_references
from .speed_table import show


def compare_speeds(
    ports: Sequence[str], outputs: Outputs, sandbox: Sandbox = Sandbox.AUTO
) -> ExitCode:
    """Measure ports and the reference, and print and write their speeds.

    Args:
        ports: the ports; if there are none, all that come with the suite and can run here.
        outputs: where the speeds go.
        sandbox: whether ports run in a sandbox.

    Raises:
        Unusable: a port's manifest cannot be used, or the page cannot be written.
    """
    status = screen(stderr=True)
    present, absent = present_and_absent()
    speeds = []
    for name in ports or present:
        put(status, f"measuring {name}")
        speeds.append(_measured(name, sandbox))
    if any(speed.step for speed in speeds):
        put(status, "measuring the reference")
        speeds += measure_references()
    if not ports:
        speeds += [Speed(name, why=f"left out: {reason}") for name, reason in absent.items()]
    forms = Forms(
        None, encoded(speeds), lambda console: show(speeds, console), lambda: page_of(speeds)
    )
    write_report(forms, outputs)
    asked = speeds[: len(ports)] if ports else []
    return ExitCode.UNUSABLE_PORT if any(not speed.step for speed in asked) else ExitCode.PASS


def _measured(name: str, sandbox: Sandbox) -> Speed:
    try:
        return measure_port(requested_port(Request(name, sandbox=sandbox)))
    except (BadManifest, NoSandbox) as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    except (NotBuilt, NotStarted, PortFailure) as error:
        return Speed(name, why=str(error))
