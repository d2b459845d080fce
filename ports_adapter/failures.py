"""What can go wrong with a port, one exception each; the message is meant for its author."""

from __future__ import annotations

from .quoting import printable

MANIFEST_SHOWN = 2000


class PortFailure(Exception):
    """A port did not give the answer it was asked for."""


class PortError(PortFailure):
    """The port answered with a JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"the port answered with error {code}: {message}")
        self.code = code


class PortCrashed(PortFailure):
    """The port's process ended before it had answered."""


class PortTimedOut(PortFailure):
    """The port did not answer within its time limit."""


class ProtocolViolated(PortFailure):
    """The port printed something that is not the answer that the protocol asks for."""


class WrongAnswer(ProtocolViolated):
    """A whole answer to the question came, of another type than the protocol has for it."""


class BadManifest(Exception):
    """A port cannot be found, or its port.toml cannot be used.

    What stands in a manifest is quoted in the message, and that is shown on a terminal.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message, MANIFEST_SHOWN))


class NotBuilt(Exception):
    """The port's build command failed."""


class NotStarted(Exception):
    """The port's run command cannot be executed."""
