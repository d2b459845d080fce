"""The request and error objects of JSON-RPC 2.0."""

from typing import Any, Literal

from msgspec import Struct

METHOD_NOT_FOUND = -32601


class Request(Struct, frozen=True, kw_only=True):
    """A request to the port."""

    jsonrpc: Literal["2.0"] = "2.0"
    id: int
    method: str
    params: Any


class Error(Struct, frozen=True, kw_only=True):
    """JSON-RPC's error object: -32601 unknown method, -32602 wrong params, -32603 internal."""

    code: int
    message: str
