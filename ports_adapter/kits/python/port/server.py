"""JSON-RPC 2.0, one message a line: reads a request, calls its method, writes the answer."""

import json
import math
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

Params = dict[str, Any]
Result = dict[str, Any]
Method = Callable[[Params], Result]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603


class RpcError(Exception):
    """What is wrong with a request, with JSON-RPC's number for it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def take(params: Params, name: str, kind: type) -> Any:
    """The parameter of that name, which must be of that kind.

    Raises:
        RpcError: it is missing, or something else.
    """
    value = params.get(name)
    if not isinstance(value, kind):
        raise RpcError(INVALID_PARAMS, f"{name} must be of type {kind.__name__}")
    return value


def serve(methods: Mapping[str, Method], lines: Iterable[bytes], output: TextIO) -> None:
    """Answer line after line, until `shutdown` or the end of input. No request is fatal."""
    for line in lines:
        request: dict[str, Any] = {"id": None}  # whose, if it cannot be read, nobody knows
        try:
            request = parse(line)
            answer = {"result": writable(call(methods, request))}
        except RpcError as error:
            answer = {"error": {"code": error.code, "message": str(error)}}
        except Exception as error:
            traceback.print_exc(file=sys.stderr)  # standard error is the port's log
            answer = {"error": {"code": INTERNAL_ERROR, "message": repr(error)}}
        if "id" in request:  # what has no id is a notification, and not answered
            message = {"jsonrpc": "2.0", "id": request["id"], **answer}
            print(json.dumps(message), file=output, flush=True)  # whoever asked is waiting
        if request.get("method") == "shutdown":
            return


def parse(line: bytes) -> dict[str, Any]:
    """The request in a line.

    Raises:
        RpcError: it is not JSON, or not a request.
    """
    try:
        request = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, f"not a line of JSON: {error}") from None
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise RpcError(INVALID_REQUEST, "a request is an object with a method")
    return request


def call(methods: Mapping[str, Method], request: dict[str, Any]) -> Result:
    """The result that a request asks for.

    Raises:
        RpcError: there is no such method, or its params are wrong.
    """
    method = methods.get(request["method"])
    if method is None:
        raise RpcError(METHOD_NOT_FOUND, f"there is no method {request['method']}")
    params = request.get("params", {})
    if not isinstance(params, dict):
        raise RpcError(INVALID_PARAMS, "params must be an object")
    return method(params)


def writable(value: Any) -> Any:
    """A value as JSON can have it: the protocol writes NaN and the infinities as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, dict):
        return {name: writable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [writable(part) for part in value]
    return value
