"""JSON documents: encoding, decoding to a type, and the JSON Schema of a type."""

import json
from typing import Any, TypeVar

import msgspec

Shape = TypeVar("Shape")


def encoded(document: Any) -> bytes:
    """The document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def decoded(content: bytes, shape: type[Shape]) -> Shape:
    """The value of a JSON document, as the type `shape`.

    Raises:
        msgspec.DecodeError: it is not JSON, or not of this type.
    """
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(error)[:300])
        raise msgspec.DecodeError(shown) from None


def schema_of(shape: type) -> bytes:
    """The JSON Schema of a type, as it is published."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(document | msgspec.json.schema(shape), indent=1).encode() + b"\n"
