"""The canonical program as a port: as it is, with a known mistake, or as an honest variant.

python -m tests.ports.oracle_port [MISTAKE or VARIANT] [--tape] [--black-box]
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from conformance import oracle
from ports_adapter.jsonrpc import METHOD_NOT_FOUND
from ports_adapter.messages import METHODS, InitializeResult, StepParams

from .mistakes import MISTAKES
from .taped import use_tapes
from .variants import VARIANTS


def main() -> None:
    options = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    for name in sys.argv[1:]:
        if name not in options:
            (MISTAKES | VARIANTS)[name]()
    if "--tape" in options:
        use_tapes()
    for line in sys.stdin.buffer:
        request = msgspec.json.decode(line)
        send({"id": request["id"]} | answer(request))
        if request["method"] == "shutdown":
            return


def answer(request: dict[str, Any]) -> dict[str, Any]:
    name = request["method"]
    if name == "initialize":
        return {"result": introduction()}
    if name == "shutdown":
        return {"result": {}}
    if name not in METHODS:
        return {"error": {"code": METHOD_NOT_FOUND, "message": f"no method {name}"}}
    params = msgspec.convert(request["params"], METHODS[name].params)
    return {"result": oracle.answer(name, params, announce, request["id"])}


def introduction() -> InitializeResult:
    return InitializeResult(
        protocol_version=1,
        name="the oracle",
        language="Python",
        precision="float64",
        methods=list(METHODS),
        profiles=["microgpt"],
        other_sizes=True,
        intermediates="--black-box" not in sys.argv,
        full_record=True,
    )


def announce(step: StepParams) -> None:
    send({"method": "step", "params": step})


def send(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode({"jsonrpc": "2.0"} | message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
