"""Asks a port questions by JSON-RPC: sends a request, receives notifications and the answer."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any, Literal, Self, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct

from .arranging import AS_OURS, Arranger
from .failures import PortError, ProtocolViolated, WrongAnswer
from .jsonrpc import Error, Request
from .manifest import Port
from .messages import Message, StepParams
from .process import PortProcess, Process
from .quoting import printable, quoted

Result = TypeVar("Result")
OnStep = Callable[[StepParams], None]


class _Line(Struct, frozen=True):
    """A line from a port, whose fields are not decoded yet."""

    jsonrpc: Any = UNSET
    id: Any = UNSET
    method: Any = UNSET
    params: Raw | msgspec.UnsetType = UNSET
    result: Raw | msgspec.UnsetType = UNSET
    error: Raw | msgspec.UnsetType = UNSET

    @property
    def is_error(self) -> bool:
        """Whether it has an error; null does not count, since some libraries write it."""
        return self.error is not UNSET and bytes(self.error) != b"null"


class _Step(Struct, frozen=True):
    """A `step` notification, decoded at once since streams consist mostly of these."""

    jsonrpc: Literal["2.0"]
    method: Literal["step"]
    params: StepParams


class Client:
    """A running port that answers one question at a time; a context manager that stops it.

    Args:
        port: the port.
        process: replaces the port's own process.
        ids: the ids of the questions, in order.

    Raises:
        NotStarted: the port's command cannot be executed.
    """

    def __init__(
        self, port: Port, process: Process | None = None, ids: Iterator[int] | None = None
    ) -> None:
        self.port = port
        self._process = process or PortProcess(port)
        self._ids = count(1) if ids is None else ids
        self._last_id = 0
        self._encoder = msgspec.json.Encoder()
        self._step_decoder = msgspec.json.Decoder(_Step)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The port's process id."""
        return self._process.pid

    @property
    def log(self) -> bytes:
        """The end of the port's standard error."""
        return self._process.log

    def close(self) -> None:
        """End the port's process and all processes that it started."""
        self._process.close()

    def wait_to_exit(self, seconds: float) -> int | None:
        """The port's exit code after `shutdown`, or None if it still runs after `seconds`.

        Raises:
            ProtocolViolated: it printed another line.
        """
        code = self._process.wait(seconds)
        if (late := self._process.unread()) is not None:
            raise ProtocolViolated(f"it printed a line after shutdown: {quoted(late)}")
        return code

    def ask(
        self,
        method: str,
        params: Message | dict[str, Any],
        result: type[Result],
        seconds: float,
        on_step: OnStep | None = None,
    ) -> Result:
        """Ask the port a question and return its answer.

        Args:
            method: the method of the protocol.
            params: its parameters.
            result: the type that the answer must have.
            seconds: the time limit for every line that the port sends.
            on_step: called for each `step` notification; if None, they violate the protocol.

        Raises:
            PortError: the port answered with an error.
            PortCrashed: it ended first.
            PortTimedOut: a line did not arrive in time.
            ProtocolViolated: it sent something other than this answer.
        """
        if (early := self._process.unread()) is not None:
            raise ProtocolViolated(f"it printed a line before the question: {quoted(early)}")
        self._last_id = next(self._ids)
        arranger = Arranger.of(self.port.layout, method, params)
        request = Request(id=self._last_id, method=method, params=arranger.question(params))
        self._process.send(self._encoder.encode(request) + b"\n")
        while True:
            line = self._process.receive(seconds)
            if on_step is not None and self._took_plain_step(line, arranger, on_step):
                continue
            message = self._parse(line)
            if message.method is not UNSET:
                if on_step is None:
                    raise ProtocolViolated(f"{method} sends no notifications, got {quoted(line)}")
                on_step(self._step_of(message, line, arranger))
                continue
            self._check_id(message, line)
            if message.is_error:
                error = _decode(message.error, Error, "/error")
                raise PortError(error.code, printable(error.message, 500))
            if message.result is UNSET:
                raise ProtocolViolated(f"the answer has neither result nor error: {quoted(line)}")
            return _decode(message.result, result, "/result", arranger)

    def _took_plain_step(self, line: bytes, arranger: Arranger, on_step: OnStep) -> bool:
        """Pass on a step of this request that needs no layout; False for any other line.

        The step is released when this returns, to keep only one in memory.
        """
        if arranger.has_rules:
            return False
        try:
            step = self._step_decoder.decode(line).params
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        if step.id != self._last_id:
            return False
        on_step(step)
        return True

    def _parse(self, line: bytes) -> _Line:
        try:
            message = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            advice = "write only JSON-RPC to standard output, and logs to standard error"
            if not line.strip():
                raise ProtocolViolated(
                    f"it printed an empty line instead of an answer; {advice}"
                ) from None
            if line.lstrip()[:1] == b"{":
                why = _why_not_json(error, line)
                raise ProtocolViolated(f"not JSON ({why}): {quoted(line)}") from None
            raise ProtocolViolated(f"not a JSON-RPC message: {quoted(line)}; {advice}") from None
        if message.jsonrpc != "2.0":
            raise ProtocolViolated(f'the answer lacks "jsonrpc": "2.0": {quoted(line)}')
        return message

    def _check_id(self, message: _Line, line: bytes) -> None:
        if message.id is None and message.is_error:
            error = _decode(message.error, Error, "/error")
            raise PortError(error.code, printable(error.message, 500))
        # 1.0 is the same JSON number as 1, and some languages can write only 1.0.
        is_number = type(message.id) in (int, float)
        if not is_number or message.id != self._last_id:
            got = "no id" if message.id is UNSET else f"id {printable(repr(message.id), 60)}"
            raise ProtocolViolated(
                f"the answer has {got}, but the question has id {self._last_id}: {quoted(line)}"
            )

    def _step_of(self, message: _Line, line: bytes, arranger: Arranger) -> StepParams:
        if message.method != "step" or message.params is UNSET:
            raise ProtocolViolated(f"the only notification is step with params, got {quoted(line)}")
        try:
            step = _decode(message.params, StepParams, "/params", arranger)
        except WrongAnswer as error:
            # The answer is still to come, so the port cannot be asked the next question.
            raise ProtocolViolated(f"wrong step: {error}") from None
        if step.id != self._last_id:
            raise ProtocolViolated(
                f"got a step of request {step.id} during the answer to request {self._last_id}"
            )
        return step


class Source:
    """Provides clients of a port; recorders and replays are other sources."""

    def client(self, port: Port) -> Client:
        """Start the port and return a client of it.

        Raises:
            NotStarted: the port's command cannot be executed.
        """
        return Client(port)

    def turn_to(self, slug: str) -> None:
        """Announce the next case, before the port is asked or started for it."""


def _decode(
    raw: Raw | msgspec.UnsetType, shape: type[Result], at: str, arranger: Arranger = AS_OURS
) -> Result:
    """A part of a message as the required type, with its tensors in the suite's layout."""
    content = b"" if raw is UNSET else raw
    try:
        if not arranger.has_rules:
            return _converted(content, shape)
        return msgspec.convert(arranger.answer(msgspec.json.decode(content), at), type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WrongAnswer(f"wrong answer: {_explained(str(error), at)}") from None


def _converted(content: Raw | bytes, shape: type[Result]) -> Result:
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.ValidationError:
        # 10.0 is the same JSON number as 10, and some languages can write only 10.0.
        with suppress(msgspec.ValidationError):
            return msgspec.convert(_whole(msgspec.json.decode(content)), type=shape)
        raise


EXACT = 2.0**53


def _whole(value: Any) -> Any:
    """A decoded value with integral floats as integers, except -0.0."""
    match value:
        case float() if (value.is_integer() and 0 < abs(value) < EXACT) or repr(value) == "0.0":
            return int(value)
        case list():
            return [_whole(item) for item in value]
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case _:
            return value


def _explained(message: str, at: str) -> str:
    """A msgspec message with its place as a JSON Pointer, and the possible values there."""
    reason, found, place = message.partition(" - at `$")
    pointer = at
    if found:
        place = place.rstrip("`").replace("[...]", "/*").replace("[", "/").replace("]", "")
        pointer += place.replace(".", "/")
    if reason.startswith("Invalid enum value"):
        got = reason.removeprefix("Invalid enum value ")
        possible = "float64 or float32" if pointer.endswith("/precision") else NUMBER
        reason = f"expected {possible}, got the string {printable(got, 60)}"
    return f"{reason} at {pointer}"


NUMBER = 'a number (or "NaN", "Infinity", "-Infinity")'


def _why_not_json(error: Exception, line: bytes) -> str:
    """The probable reason why a line that starts like a message is not JSON."""
    if b"truncated" in str(error).encode():
        return "write an answer as one line without line breaks"
    if re.search(rb"[:,\[]\s*-?(NaN|Infinity|nan|inf)\b", line):
        return 'write NaN and infinities as strings, such as "NaN"'
    return str(error)
