"""The canonical program as a port: as it is, with known mistakes, or as an honest variant.

python -m conformance.mistakes.patched_port [MISTAKE or VARIANT]...
    [--float32] [--black-box] [--tape]
"""

from __future__ import annotations

import math
import sys
from typing import Any

import msgspec
import numpy as np

from conformance.oracle import reference_answer
from ports_adapter.jsonrpc import METHOD_NOT_FOUND
from ports_adapter.messages import METHODS, InitializeResult, StepParams
from reference.activation import ACTIVATIONS
from reference.profiles import PROFILES

from . import MISTAKES, apply
from .honest_variants import VARIANTS
from .patched_tape import is_scalar_only, on_tape
from .single_precision import single_precision


def main() -> None:
    """Answer the questions on standard input until told to shut down."""
    prepare([name for name in sys.argv[1:] if not name.startswith("--")])
    for line in sys.stdin.buffer:
        request = msgspec.json.decode(line)
        send({"id": request["id"]} | answer(request))
        if request["method"] == "shutdown":
            return


def prepare(names: list[str]) -> None:
    """Patch the program as the command line says.

    `--tape` evaluates documents at machine speed unless the patches change what no tape can hold.
    """
    patches = {name: MISTAKES[name].patch if name in MISTAKES else VARIANTS[name] for name in names}
    is_single = "--float32" in sys.argv
    if is_single:
        apply(single_precision())
    if "--tape" in sys.argv and not any(is_scalar_only(patch()) for patch in patches.values()):
        apply(on_tape(np.float32 if is_single else np.float64))
    for patch in patches.values():
        apply(patch())


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What the program answers to a request."""
    name = request["method"]
    if name == "initialize":
        return {"result": introduction()}
    if name == "shutdown":
        return {"result": {}}
    if name not in METHODS:
        return {"error": {"code": METHOD_NOT_FOUND, "message": f"no method {name}"}}
    params = msgspec.convert(request["params"], METHODS[name].params)
    return {"result": reference_answer.answer(name, params, announce, request["id"])}


def introduction() -> InitializeResult:
    """What the port says of itself."""
    return InitializeResult(
        protocol_version=1,
        name="the oracle",
        language="Python",
        precision="float32" if "--float32" in sys.argv else "float64",
        methods=list(METHODS),
        profiles=list(PROFILES),
        other_sizes=True,
        activations=list(ACTIVATIONS),
        intermediates="--black-box" not in sys.argv,
        full_record=True,
    )


def announce(step: StepParams) -> None:
    """Send a notification."""
    send({"method": "step", "params": step})


def send(message: dict[str, Any]) -> None:
    """Send a message."""
    message = {"jsonrpc": "2.0"} | message
    line = msgspec.json.encode(message, enc_hook=float)
    if b"null" in line:  # which is how numbers that are not finite are encoded
        line = msgspec.json.encode(_spelt(msgspec.to_builtins(message, enc_hook=float)))
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _spelt(part: Any) -> Any:
    """Numbers that are not finite as the protocol has them."""
    match part:
        case float() if math.isnan(part):
            return "NaN"
        case float() if math.isinf(part):
            return "Infinity" if part > 0 else "-Infinity"
        case list():
            return [_spelt(inside) for inside in part]
        case dict():
            return {name: _spelt(inside) for name, inside in part.items()}
        case _:
            return part


if __name__ == "__main__":
    main()
