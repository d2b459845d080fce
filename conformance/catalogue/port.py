"""The canonical program as a port: as it is, with a known mistake, or as an honest variant.

python -m conformance.catalogue.port [MISTAKE or VARIANT]... [--float32] [--black-box]
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from ports_adapter.jsonrpc import METHOD_NOT_FOUND
from ports_adapter.messages import METHODS, InitializeResult, StepParams

from .. import oracle
from . import MISTAKES, apply


def main() -> None:
    """Answer the questions on standard input until told to shut down."""
    for name in sys.argv[1:]:
        if not name.startswith("--"):
            apply(MISTAKES[name].patch())
    for line in sys.stdin.buffer:
        request = msgspec.json.decode(line)
        _send({"id": request["id"]} | _answer(request))
        if request["method"] == "shutdown":
            return


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    name = request["method"]
    if name == "initialize":
        return {"result": _introduction()}
    if name == "shutdown":
        return {"result": {}}
    if name not in METHODS:
        return {"error": {"code": METHOD_NOT_FOUND, "message": f"no method {name}"}}
    params = msgspec.convert(request["params"], METHODS[name].params)
    return {"result": oracle.answer(name, params, _announce, request["id"])}


def _introduction() -> InitializeResult:
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


def _announce(step: StepParams) -> None:
    _send({"method": "step", "params": step})


def _send(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode({"jsonrpc": "2.0"} | message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
