"""JSON-RPC 2.0, one message a line: read a request, answer it, until `shutdown` or the end."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn, TextIO

import numpy as np

from .array import Real
from .encoding import to_json
from .fields import Fields, InvalidParamsError
from .methods import METHODS, STREAMING_METHODS
from .parts import Result

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603


def serve(lines: Iterable[bytes], output: TextIO, real: Real) -> None:
    """Answer every line until `shutdown` or the end of input; no request is fatal.

    Everything is computed in numbers of the type `real`.
    """
    for line in lines:
        try:
            request = json.loads(line.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            _send(output, {"id": None, **_error(PARSE_ERROR, f"not a line of JSON: {error}")})
            continue
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            message = "expected an object with a method"
            _send(output, {"id": None, **_error(INVALID_REQUEST, message)})
            continue
        if "id" not in request:
            continue  # A notification, which JSON-RPC forbids to answer.
        _send(output, {"id": request["id"], **_answer(request, output, real)})
        if request["method"] == "shutdown":
            return


def _refuse(constant: str) -> NoReturn:
    """Python would read `NaN` and `Infinity`, which JSON does not have."""
    raise ValueError(f"{constant} is no JSON")


def _answer(request: dict[str, Any], output: TextIO, real: Real) -> dict[str, Any]:
    """The `result` or the `error` that a request comes to."""
    name = request["method"]
    if name not in METHODS and name not in STREAMING_METHODS:
        return _error(METHOD_NOT_FOUND, f"no method {name!r}")

    def announce(step: Result) -> None:
        _send(output, {"method": "step", "params": to_json({"id": request["id"], **step})})

    try:
        params = Fields(request.get("params", {}), real)
        # Overflow is a result here, infinity, and nothing to warn of.
        with np.errstate(all="ignore"):
            if name in METHODS:
                result = METHODS[name](params)
            else:
                result = STREAMING_METHODS[name](params, announce)
        return {"result": to_json(result)}
    except InvalidParamsError as error:
        return _error(INVALID_PARAMS, str(error))
    except Exception as error:
        return _error(INTERNAL_ERROR, f"{type(error).__name__}: {error}")


def _error(code: int, message: str) -> dict[str, Any]:
    """The `error` of an answer, with one of JSON-RPC's codes."""
    return {"error": {"code": code, "message": message}}


def _send(output: TextIO, message: dict[str, Any]) -> None:
    """Write one line, and flush it: whoever asked is waiting."""
    output.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    output.flush()
