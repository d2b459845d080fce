"""The reference program as a port that speaks the protocol, with mistakes or variants on request.

python -m conformance.mistakes.patched_port [MISTAKE or VARIANT]...
    [--float32] [--black-box] [--tape]
"""

import sys
from typing import Any

import msgspec
import numpy as np

from conformance.anatomy.nested_numbers import at_leaves
from conformance.oracle import reference_answer
from golden.trace import number
from ports_adapter.jsonrpc import METHOD_NOT_FOUND
from ports_adapter.messages import METHODS, InitializeResult, StepParams
from reference.activation import ACTIVATIONS
from reference.profiles import PROFILES

from . import MISTAKES, apply
from .honest_variants import VARIANTS
from .patched_tape import is_scalar_only, on_tape
from .single_precision import single_precision


def main() -> None:
    """Answer the requests on standard input until `shutdown`."""
    prepare([name for name in sys.argv[1:] if not name.startswith("--")])
    for line in sys.stdin.buffer:
        request = msgspec.json.decode(line)
        send({"id": request["id"]} | answer(request))
        if request["method"] == "shutdown":
            return


def prepare(names: list[str]) -> None:
    """Apply the named patches, and the options of the command line.

    `--float32` computes in single precision. `--tape` evaluates documents fast, by replaying
    recordings, unless a patch changes what a recording cannot contain.
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
    """The response to a request, without its `jsonrpc` and `id`."""
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
    """The answer to `initialize`. `--black-box` offers no intermediate values."""
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
    """Send the notification of a training step."""
    send({"method": "step", "params": step})


def send(message: dict[str, Any]) -> None:
    """Write a message to standard output as one line of JSON."""
    message = {"jsonrpc": "2.0"} | message
    line = msgspec.json.encode(message, enc_hook=float)
    if b"null" in line:  # msgspec writes numbers that are not finite as null
        line = msgspec.json.encode(at_leaves(_text, msgspec.to_builtins(message, enc_hook=float)))
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _text(value: Any) -> Any:
    """A number that is not finite as the protocol's string; any other value unchanged."""
    return number(value) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
