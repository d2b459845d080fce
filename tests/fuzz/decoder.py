"""The decoder of messages: whatever a port prints is an answer, or a failure of the port."""

from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

from ports_adapter.arranging import BY_NAME, Arranger
from ports_adapter.client import Client
from ports_adapter.failures import PortFailure
from ports_adapter.layout import Layout, Rule
from ports_adapter.manifest import Port
from ports_adapter.messages import METHODS, StepParams

from .material import answers
from .standin import ID, StandIn
from .target import Ending, Target, claim, otherwise_decoded, refused

PORT = Port(folder=Path(), name="p", language="none", run=("p",))
ARRANGED = structs.replace(
    PORT,
    layout=Layout(
        (
            Rule("lm_head", "o i -> i o"),
            Rule(["wte", "wpe"], "*", "embeddings"),
            Rule("layer{l}.attn_wq", "(h d) i -> h i d", "block{l}.query"),
            Rule("w", "o i -> i o"),
        )
    ),
)


class Asking(NamedTuple):
    method: str
    streams: bool
    port: Port


@cache
def askings() -> list[Asking]:
    """Every method, with and without steps, with and without a layout."""
    return [
        Asking(method, streams, port)
        for port in (PORT, ARRANGED)
        for streams in (False, True)
        for method in METHODS
    ]


@cache
def _client(number: int) -> Client:
    return Client(askings()[number].port, StandIn(()), repeat(ID))


def feed(choice: int, content: bytes) -> Ending:
    method, streams, _ = askings()[choice]
    client = _client(choice)
    lines = content.split(b"\n")
    client._process = StandIn(lines)
    taken: list[StepParams] = []
    kind: type[Any] = METHODS[method].result
    try:
        got = client.ask(
            method, answers()[method].params, kind, 1.0, taken.append if streams else None
        )
    except PortFailure as failure:
        return refused(failure)
    claim(type(got) is kind, f"the answer is {type(got)}")
    claim(all(type(step) is StepParams and step.id == ID for step in taken), "a step is none")
    answered = lines[len(taken)]
    claim(otherwise_decoded(answered)["id"] == ID, "the answer is to another question")
    return Ending.ACCEPTED


def seeds() -> list[bytes]:
    """Right answers as every client gets them, and envelopes of other kinds."""
    found = []
    for number, asking in enumerate(askings()):
        lines = [_arranged(line, asking) for line in answers()[asking.method].lines]
        content = b"\n".join(lines if asking.streams else lines[-1:])
        found.append(bytes([number]) + content)
    error = b'{"jsonrpc": "2.0", "id": 7, "error": {"code": -32603, "message": "no"}}'
    null = b'{"jsonrpc": "2.0", "id": null, "error": {"code": -1, "message": "n\\u0000"}}'
    return [*found, b"\x03" + error, b"\x03" + null, b"\x03{}", b"\x03Hello\n" + error]


def _arranged(line: bytes, asking: Asking) -> bytes:
    """A line of ours as a port with that layout prints it."""
    arranger = Arranger.of(asking.port.layout, asking.method, answers()[asking.method].params)
    message = msgspec.json.decode(line)
    inside = message.get("result", message.get("params"))
    for name in BY_NAME:
        if arranger.has_rules and isinstance(inside.get(name), dict):
            inside[name] = arranger.arrangement.to_port(inside[name])
    return msgspec.json.encode(message)


DECODER = Target(
    name="decoder",
    about="lines of a port to `Client.ask`, for every method, with and without steps and a layout",
    feed=feed,
    seeds=seeds,
    choices=4 * len(METHODS),
    share=60,
)
