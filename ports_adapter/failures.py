"""The ways in which a port can fail, one exception each, with a message for its author."""

from .quoting import printable

MANIFEST_SHOWN = 2000


class PortFailure(Exception):
    """A port did not answer a question as the protocol requires."""


class PortError(PortFailure):
    """The port answered with a JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"the port answered with error {code}: {message}")
        self.code = code


class PortCrashed(PortFailure):
    """The port's process ended before it answered."""


class PortTimedOut(PortFailure):
    """The port did not answer within its time limit."""


class ProtocolViolated(PortFailure):
    """The port printed something other than a message of the protocol."""


class WrongAnswer(ProtocolViolated):
    """The port answered the question, but not with the type that the protocol requires."""


class BadManifest(Exception):
    """A port cannot be found, or its port.toml cannot be used.

    Control characters in the message are escaped, since it quotes the manifest.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message, MANIFEST_SHOWN))


class NotBuilt(Exception):
    """The port's build command failed."""


class NotStarted(Exception):
    """The port's run command cannot be executed."""
