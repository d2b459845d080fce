"""What every run needs first: its port, its profile, and clear messages for what is unusable."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import structs

from conformance.baseline.entries import BadBaseline
from conformance.cases.request import Request, Unusable
from conformance.judging.outcome import ExitCode
from conformance.reports.terminal.safe_console import put, screen
from golden.store import UnreadableGolden
from ports_adapter.containment.sandbox import NoSandbox, is_used
from ports_adapter.failures import BadManifest, NotBuilt, NotStarted
from ports_adapter.manifest import Port, find_port
from reference.profiles import MICROGPT, PROFILES


@contextmanager
def usable() -> Iterator[None]:
    """Turn what keeps a port from being run into `Unusable`."""
    try:
        yield
    except (BadManifest, BadBaseline, NoSandbox) as error:
        raise Unusable(str(error), ExitCode.USAGE) from None
    except (NotBuilt, NotStarted) as error:
        raise Unusable(str(error), ExitCode.UNUSABLE_PORT) from None
    except UnreadableGolden as error:
        raise Unusable(str(error), ExitCode.SUITE_FAULT) from None


def requested_port(request: Request) -> Port:
    """The port that was requested, with the sandbox that was requested.

    Raises:
        BadManifest: there is no such port, or its manifest cannot be used.
        NoSandbox: a sandbox is required, and none works here.
    """
    is_used(request.sandbox)
    return structs.replace(find_port(request.port), sandbox=request.sandbox)


def refuse_program(port: Port, consequence: str) -> None:
    """Refuse a program that is run as it is, and say what follows from its being one.

    Raises:
        Unusable: the port is such a program.
    """
    if port.kind == "program":
        raise Unusable(
            f'{port.label} is a program that is run as it is (kind = "program"): it is asked no '
            f"cases, so {consequence}",
            ExitCode.USAGE,
        )


def fallback_profile(offered: Sequence[str]) -> str | None:
    """The profile to ask about if none was requested and the final program is not offered.

    That is the last stage that is offered; None if the final program is, or nothing is.
    """
    if MICROGPT.name in offered:
        return None
    return next((name for name in reversed(PROFILES) if name in offered), None)


def warn(message: str) -> None:
    """Print a message on standard error that changes no verdict."""
    put(screen(stderr=True), f"conformance: {message}", "yellow")


def note(message: str) -> None:
    """Print what a command did on standard error."""
    put(screen(stderr=True), message)
