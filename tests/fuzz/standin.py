"""What stands in for a port's process: it has said what it will say before it is asked."""

from collections.abc import Sequence

from ports_adapter.failures import PortCrashed

ID = 7
"""Of every question, so that recorded answers fit."""


class StandIn:
    """A process that gives some lines, whatever it is asked, and then has crashed."""

    pid = 0
    log = b""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = iter(lines)

    def send(self, line: bytes) -> None:
        """Nobody listens."""

    def receive(self, seconds: float) -> bytes:  # noqa: ARG002
        for line in self.lines:
            return line
        raise PortCrashed("the port exited with code 0 instead of answering")

    def unread(self) -> bytes | None:
        """Nothing comes unasked."""
        return None

    def wait(self, seconds: float) -> int | None:  # noqa: ARG002
        return 0

    def close(self) -> None:
        """Nothing runs."""
