"""The published documents that are made from the code: PROTOCOL.md and the JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

import ports_adapter
from conformance.judging import report
from conformance.oracle.worked_examples import Example, examples
from conformance.programs import program_report
from conformance.surveys.scoreboard import board
from golden.store import replace_file
from ports_adapter import messages as protocol
from ports_adapter.jsonrpc import Error
from ports_adapter.messages import METHODS, Message, Method

PROTOCOL = Path(ports_adapter.__file__).parent / "PROTOCOL.md"
PROTOCOL_SCHEMA = PROTOCOL.with_name("protocol.schema.json")
REPORT_SCHEMA = Path(report.__file__).with_name("report.schema.json")
PROGRAM_REPORT_SCHEMA = Path(program_report.__file__).with_name("program_report.schema.json")
BOARD_SCHEMA = Path(board.__file__).with_name("board.schema.json")

LIGHT = ("id", "step", "loss", "learning_rate")
"""What every `step` tells."""

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
  `linear(x, w)[o] = sum_i w[o][i] * x[i]`. The vocabulary is as large as the first of them has
  rows, and the special token BOS is the last one (but see `first-revision`).
- A *profile* is a published program. In `profiles` a port lists those that it is a port of; every
  question about a model names the one that it is about. `microgpt` has `n_embd` 16, `n_head` 4,
  `n_layer` 1, `block_size` 16, and 27 tokens. A port that takes other sizes and hyperparameters
  than the published ones says so with `other_sizes`, and is asked with some. `num_steps` always
  counts.
- A document of tokens `t` has `n = min(block_size, len(t) - 1)` positions: position `p` sees
  `t[0..p]` and predicts `t[p + 1]`.

## Profiles

What a profile has otherwise than the one named after "as"; everything else is the same.

| profile | as | otherwise |
| --- | --- | --- |
| `microgpt` | | the program described here |
| `train5` | `microgpt` | nothing: it is the same program by its name as a stage |
| `train4` | `train5` | SGD: a weight goes down by the learning rate times its gradient, with no \
`m` and `v`; learning rate 0.1 |
| `train3` | `train4` | one head over all of `n_embd`, one layer, and no `layer0.` in the names: \
`wte`, `wpe`, `attn_wq`, `attn_wk`, `attn_wv`, `attn_wo`, `mlp_fc1`, `mlp_fc2`, `lm_head`, drawn \
in this order |
| `train2` | `train3` | an MLP on the current token alone: `mlp_fc2 @ relu(mlp_fc1 @ wte[token])`, \
no norm and no positions; `wte` [vocabulary][n_embd], `mlp_fc1` [4 n_embd][n_embd], `mlp_fc2` \
[vocabulary][4 n_embd]; learning rate 1; a document is not cut, so `n = len(t) - 1`, and \
`block_size` is the largest number of tokens of a sample alone |
| `train1` | `train2` | nothing that can be seen: its gradient is written by hand |
| `train0` | `train2` | a table `counts` [vocabulary][vocabulary]: `counts[i][j]` says how often \
`j` came after `i`. The probability of `j` after `i` is `(counts[i][j] + 1) / (sum(counts[i]) + \
vocabulary)`. A step's loss is that of its document before it is counted, as mean of `-log`; then \
its pairs are added. All counts begin at 0, and nothing is drawn. `step` notifications need no \
`learning_rate`; there is no temperature, samples are drawn from the probabilities |
| `early-revision` | `microgpt` | `block_size` 8; `relu(x) ** 2` for `relu(x)`; standard deviation \
0.02, but 0 for `attn_wo` and `mlp_fc2`, which are drawn all the same; beta1 0.9, beta2 0.95; 500 \
steps; the learning rate of step `s` is `learning_rate * 0.5 * (1 + cos(pi * s / num_steps))` |
| `first-revision` | `early-revision` | two special tokens ahead of the characters: BOS is 0, EOS \
1, the first character 2; a document is `[BOS, *characters, EOS]`; a sample begins with BOS and \
ends at EOS (a BOS inside of it is printed as `<BOS>`); no `lm_head`: the logits are `wte @ x` |

A port of a profile has the methods that the profile needs: `train0` neither layers nor `forward`,
`backward` or an update by itself, the others `sgd` or `adam`, whichever is theirs.

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

In `train3` the names have no layer before them; `train1` and `train2` have `mlp_hidden`,
`mlp_activation` and `logits` alone. A node's gradient is the total derivative of the loss by it,
over all its uses.

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
        BOARD_SCHEMA: board.schema(),
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
        lines += _fields(protocol.StepParams, described, None if in_full else LIGHT)
    lines += ["", "```json", *example.lines(), "```", ""]
    return "\n".join(lines)


def _fields(
    kind: type[Message], described: set[str], named: Sequence[str] | None = None
) -> list[str]:
    """The fields of a message, or those that are named."""
    fields = inspect.type_info(kind).fields  # type: ignore[attr-defined]
    if not fields:
        return ["- nothing"]
    return [_field(field, described) for field in fields if named is None or field.name in named]


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
