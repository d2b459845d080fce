"""Asks a port many questions in a row, and restarts it when it dies."""

from typing import Any, Self

from msgspec import structs

from conformance.asking.engine import DEATHS
from conformance.cases.by_level.handshake import introduction
from conformance.judging.stream_judge import STREAMED
from ports_adapter.client import Client
from ports_adapter.failures import NotStarted, PortError, PortFailure, ProtocolViolated, WrongAnswer
from ports_adapter.manifest import Port
from ports_adapter.messages import METHODS, InitializeResult, Message, StepParams, TrainParams


class GivenUp(Exception):
    """The port cannot be asked any more: it does not start, or has died too often."""


class Asker:
    """A running port that answers one question after another; a context manager that stops it.

    If the port crashes, hangs or breaks the protocol, it is restarted for the next question, up
    to `restarts` times.
    """

    def __init__(self, port: Port, restarts: int = DEATHS) -> None:
        self.port = port
        self._restarts_left = restarts
        self._client: Client | None = None
        self._offer: InitializeResult | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the port, if it runs."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @property
    def offer(self) -> InitializeResult:
        """The port's answer to `initialize`.

        Raises:
            GivenUp: it does not start, or does not answer `initialize`.
        """
        if self._offer is None:
            self._running()
        assert self._offer is not None
        return self._offer

    def ask(self, method: str, params: Message, seconds: float) -> dict[str, Any]:
        """The port's answer by field, with its `steps` if the method has any.

        Args:
            method: a method that the port offers.
            params: the method's parameters.
            seconds: the time for one line of the answer; the manifest may allow less.

        Raises:
            PortFailure: the port gave no valid answer.
            GivenUp: the port cannot be asked again.
        """
        client = self._running()
        steps: list[StepParams] = []
        most = params.steps if isinstance(params, TrainParams) else 0

        def on_step(step: StepParams) -> None:
            if len(steps) == most:
                raise ProtocolViolated(f"it sent more than the requested {most} steps")
            steps.append(step)

        allowed = min(seconds, self.port.timeouts.message)
        kind = METHODS[method].result
        is_streamed = method in STREAMED
        try:
            result = client.ask(method, params, kind, allowed, on_step if is_streamed else None)
        except PortFailure as failure:
            if not isinstance(failure, PortError | WrongAnswer):
                self.close()
            raise
        return structs.asdict(result) | ({"steps": steps} if is_streamed else {})

    def _running(self) -> Client:
        if self._client is not None:
            return self._client
        if self._offer is not None:
            if self._restarts_left == 0:
                raise GivenUp("the port has died too often")
            self._restarts_left -= 1
        try:
            self._client = Client(self.port)
            self._offer = self._client.ask(
                "initialize", introduction(), InitializeResult, self.port.timeouts.start
            )
        except (NotStarted, PortFailure) as failure:
            self.close()
            raise GivenUp(str(failure)) from None
        return self._client
