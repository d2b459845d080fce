"""The published documents that are made from the code: PROTOCOL.md and the JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

import ports_adapter
from golden.store import replace_file
from ports_adapter import messages as protocol
from ports_adapter.jsonrpc import Error
from ports_adapter.messages import METHODS, Message, Method

from . import report
from .examples import Example, examples
from .programs import report as program_report

PROTOCOL = Path(ports_adapter.__file__).parent / "PROTOCOL.md"
PROTOCOL_SCHEMA = PROTOCOL.with_name("protocol.schema.json")
REPORT_SCHEMA = Path(__file__).parent / "report.schema.json"
PROGRAM_REPORT_SCHEMA = Path(__file__).parent / "programs" / "report.schema.json"

PREAMBLE = """\
# The protocol

A port is a program that reads JSON-RPC 2.0 requests from its standard input and writes
answers to its standard output, **one message a line, each line flushed**. Standard error
is its log. This page is generated from the types in `messages/`; `protocol.schema.json` says
the same as JSON Schema. `make protocol` writes both anew.

- Every request carries all the state it needs. Nothing is remembered between requests.
- `initialize` and `shutdown` are required. Of the others a port lists in `methods` what it
  offers; it is asked nothing else. What it offers must work.
- Unknown fields are ignored. An unknown method is answered with error -32601, and the port
  lives on. When its input ends, it exits. (Parameters are always right; JSON-RPC has -32602
  for wrong ones and -32603 for a failure inside.)
- Numbers travel as shortest round-trip decimals, or with 17 significant digits (9 in
  float32). `NaN`, `Infinity` and `-Infinity` are strings. Requests hold finite numbers only.
- Weights are matrices `[nout][nin]` by their `state_dict` names, so that
  `linear(x, w)[o] = sum_i w[o][i] * x[i]`. The vocabulary is as large as `wte` has rows, and
  the special token BOS is the last one.
- The profile `microgpt` has `n_embd` 16, `n_head` 4, `n_layer` 1, `block_size` 16, and 27
  tokens. A port that takes other sizes and hyperparameters than the published ones says so
  with `other_sizes`, and is asked with some. `num_steps` always counts.
- A document of tokens `t` has `n = min(block_size, len(t) - 1)` positions: position `p` sees
  `t[0..p]` and predicts `t[p + 1]`.

The intermediates of `forward` (and their gradients, of `backward`), for a port that offers
them, in the order of computation:

| name | what |
| --- | --- |
| `embedding` | `wte[token] + wpe[position]` |
| `input_norm` | its rmsnorm |
| `layer0.attn_norm` | rmsnorm before attention; so for every layer |
| `layer0.q`, `.k`, `.v` | query, key, value |
| `layer0.attn_scores` | per head, for every position so far: `q . k / sqrt(head_dim)` |
| `layer0.attn_weights` | their softmax |
| `layer0.attn_heads` | the weighted sums of values, heads concatenated |
| `layer0.attn_out` | after `attn_wo` |
| `layer0.attn_residual` | after adding the residual |
| `layer0.mlp_norm` | rmsnorm before the perceptron |
| `layer0.mlp_hidden`, `.mlp_activation` | after `mlp_fc1`, after relu |
| `layer0.mlp_out`, `.mlp_residual` | after `mlp_fc2`, after adding the residual |
| `logits` | after `lm_head` |

A node's gradient is the total derivative of the loss by it, over all its uses.

"""


def write_all() -> Iterator[str]:
    """Write every document; yields what happened, a line each."""
    for path, content in documents().items():
        changed = replace_file(path, content)
        yield f"{path.name}: {'written' if changed else 'unchanged'}"


def documents() -> dict[Path, bytes]:
    """Every document as it should be."""
    return {
        PROTOCOL: protocol_page().encode(),
        PROTOCOL_SCHEMA: protocol_schema(),
        REPORT_SCHEMA: report.schema(),
        PROGRAM_REPORT_SCHEMA: program_report.schema(),
    }


def protocol_schema() -> bytes:
    """The JSON Schema of all messages: a definition for each, requests by method."""
    kinds: list[type[Any]] = [Error, protocol.StepParams]
    for method in METHODS.values():
        kinds += [method.params, method.result]
    unique = list(dict.fromkeys(kinds))
    template = "#/$defs/{name}"
    _, definitions = msgspec.json.schema_components(unique, ref_template=template)
    requests = [
        {
            "type": "object",
            "properties": {
                "jsonrpc": {"const": "2.0"},
                "id": {"type": "integer"},
                "method": {"const": method.name},
                "params": {"$ref": f"#/$defs/{method.params.__name__}"},
            },
            "required": ["jsonrpc", "id", "method", "params"],
        }
        for method in METHODS.values()
    ]
    results = {m.name: {"$ref": f"#/$defs/{m.result.__name__}"} for m in METHODS.values()}
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Requests of the protocol, version {protocol.PROTOCOL_VERSION}",
        "oneOf": requests,
        "x-results": results,
        "$defs": definitions,
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def protocol_page() -> str:
    """PROTOCOL.md."""
    described: set[str] = set()
    sections = [_section(METHODS[example.method], example, described) for example in examples()]
    return PREAMBLE + "\n".join(sections)


def _section(method: Method, example: Example, described: set[str]) -> str:
    lines = [f"## `{method.name}`", "", method.about]
    if method.params.__doc__ and "Nothing" not in method.params.__doc__:
        lines[-1] += f" {_one_line(method.params.__doc__)}"
    lines += ["", "`params`:", "", *_fields(method.params, described)]
    lines += ["", "`result`:", "", *_fields(method.result, described)]
    if example.notifications:
        lines += ["", "Before the result, a notification `step` after each step:", ""]
        in_full = "record" in method.params.__struct_fields__
        lines += _fields(protocol.StepParams, described, optional=in_full)
    lines += ["", "```json", *example.lines(), "```", ""]
    return "\n".join(lines)


def _fields(kind: type[Message], described: set[str], *, optional: bool = True) -> list[str]:
    fields = inspect.type_info(kind).fields  # type: ignore[attr-defined]
    if not fields:
        return ["- nothing"]
    return [_field(field, described) for field in fields if optional or field.required]


def _field(field: inspect.Field, described: set[str]) -> str:
    kind, description = _describe(field.type)
    if description in described:
        description = ""
    described.add(description)
    optional = "" if field.required else ", optional"
    return f"- `{field.name}`: {kind}{optional}. {description}".rstrip()


def _describe(kind: inspect.Type) -> tuple[str, str]:
    """A type in words, and the description that its definition carries."""
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            return _describe(inner)[0], (extra or {}).get("description", "")
        case inspect.UnionType(types=types):
            parts = [t for t in types if not isinstance(t, inspect.CustomType)]
            names = dict.fromkeys(_describe(part)[0] for part in parts)
            names.pop("one of `-Infinity`, `Infinity`, `NaN`", None)
            descriptions = [_describe(part)[1] for part in parts]
            return " or ".join(names), next(filter(None, descriptions), "")
        case inspect.ListType(item_type=item):
            return f"list of {_describe(item)[0]}", ""
        case inspect.DictType(value_type=value):
            return f"by name, {_describe(value)[0]}", ""
        case inspect.StructType(cls=cls):
            return f"`{cls.__name__}` ({_signature(cls)})", _one_line(cls.__doc__ or "")
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(f"`{value}`" for value in sorted(map(str, values))), ""
        case inspect.IntType():
            return "integer", ""
        case inspect.FloatType():
            return "number", ""
        case inspect.StrType():
            return "string", ""
        case inspect.BoolType():
            return "true or false", ""
        case _:
            return "vector or list of vectors", ""


def _signature(kind: type[msgspec.Struct]) -> str:
    tag = kind.__struct_config__.tag
    names = [f"`{name}`" for name in kind.__struct_fields__]
    return ", ".join([f'`draw` = "{tag}"', *names] if tag else names)


def _one_line(text: str) -> str:
    return " ".join(text.split())
