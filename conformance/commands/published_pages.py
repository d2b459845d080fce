"""Documents that are generated from the code: PROTOCOL.md and the JSON Schemas."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import inspect

import ports_adapter
from conformance.anatomy.judged_program import methods_of
from conformance.judging import report
from conformance.oracle.worked_examples import Example, examples
from conformance.programs import program_report
from conformance.surveys.scoreboard import board
from conformance.traces.writing import records
from golden.json_documents import schema_of
from golden.store import replace_file
from ports_adapter import messages as protocol
from ports_adapter.jsonrpc import Error
from ports_adapter.messages import METHODS, Method
from reference.profiles import MICROGPT, PROFILES, Profile

PROTOCOL = Path(ports_adapter.__file__).parent / "PROTOCOL.md"
PROTOCOL_SCHEMA = PROTOCOL.with_name("protocol.schema.json")
REPORT_SCHEMA = Path(report.__file__).with_name("report.schema.json")
PROGRAM_REPORT_SCHEMA = Path(program_report.__file__).with_name("program_report.schema.json")
TRACE_SCHEMA = Path(records.__file__).with_name("trace.schema.json")
BOARD_SCHEMA = Path(board.__file__).with_name("board.schema.json")

LIGHT = ("id", "step", "loss", "learning_rate")
"""The fields of every `step`."""

SHORT = 60
"""A description of so many characters is repeated wherever it applies."""

IN_ALL_PROFILES = (
    "initialize", "tokenize", "train", "random", "sample", "replicate", "shutdown",
)  # fmt: skip

_PROFILES = (MICROGPT, *(profile for profile in PROFILES.values() if profile is not MICROGPT))


def write_all() -> Iterator[str]:
    """Write every document; gives a line for each that says whether it changed."""
    for path, content in documents().items():
        changed = replace_file(path, content)
        yield f"{path.name}: {'written' if changed else 'unchanged'}"


def documents() -> dict[Path, bytes]:
    """The content of every document, by its file."""
    return {
        PROTOCOL: protocol_page().encode(),
        PROTOCOL_SCHEMA: protocol_schema(),
        REPORT_SCHEMA: schema_of(report.Report),
        PROGRAM_REPORT_SCHEMA: schema_of(program_report.ProgramReport),
        TRACE_SCHEMA: records.schema(),
        BOARD_SCHEMA: schema_of(board.Board),
    }


def protocol_schema() -> bytes:
    """The JSON Schema of all messages: a definition for each type, and the requests by method."""
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
    """The text of PROTOCOL.md."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    described: set[str] = set()
    sections = [_section(METHODS[example.method], example, described) for example in examples()]
    page = environment.get_template("PROTOCOL.md.j2")
    return page.render(sections="\n\n".join(sections), settings=_settings(), methods=_methods())


def _settings() -> str:
    """The published settings of the profiles, as a table."""
    columns = ("n_embd", "n_head", "n_layer", "block_size", "learning_rate", "num_steps",
               "beta1", "beta2", "eps_adam", "init_std", "temperature")  # fmt: skip
    head = ["profile", *(name.removesuffix("_adam") for name in columns)]
    return _table(head, ([_code(p), *_values(p, columns)] for p in _PROFILES))


def _values(profile: Profile, columns: Sequence[str]) -> list[str]:
    """The settings of one profile; those that it does not use are left out."""
    config = profile.config
    unused = {
        "counting": {"n_embd", "n_head", "n_layer", "learning_rate", "init_std", "temperature"},
        "adam": set(),
    }.get(config.optimizer, set())
    if config.model in ("mlp", "attention"):
        unused |= {"n_head", "n_layer"}
    if config.optimizer != "adam":
        unused |= {"beta1", "beta2", "eps_adam"}
    return ["" if name in unused else f"{getattr(config, name):g}" for name in columns]


def _methods() -> str:
    """The methods of each profile but those that all profiles have, as a table."""
    return _table(
        ["profile", "methods"],
        (
            [_code(p), ", ".join(f"`{name}`" for name in methods_of(p.config)
                                 if name not in IN_ALL_PROFILES)]
            for p in _PROFILES
        ),
    )  # fmt: skip


def _code(profile: Profile) -> str:
    return f"`{profile.name}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines).replace("|  |", "| |")


def _section(method: Method, example: Example, described: set[str]) -> str:
    """A method: what it does, its fields, and its worked example."""
    has_fields = bool(method.params.__struct_fields__)
    first, *more = ((has_fields and method.params.__doc__) or "").split("\n\n")
    about = [_one_line(f"{method.about} {first}"), *map(_one_line, more)]
    lines = [f"## `{method.name}`", "", "\n\n".join(about).strip()]
    lines += ["", "`params`:", "", *_fields(method.params, described)]
    lines += ["", "`result`:", "", *_fields(method.result, described)]
    if example.notifications:
        lines += ["", "Before the result, a notification `step` after each step:", ""]
        in_full = "record" in method.params.__struct_fields__
        lines += _fields(protocol.StepParams, described, None if in_full else LIGHT)
    lines += ["", "```json", *example.lines(), "```"]
    return "\n".join(lines)


def _fields(
    kind: type[Any], described: set[str], named: Sequence[str] | None = None
) -> Iterator[str]:
    """The fields of a type, or those that are named, as a list in Markdown."""
    fields = inspect.type_info(kind).fields  # type: ignore[attr-defined]
    if not fields:
        yield "- none"
    for field in fields:
        if named is None or field.name in named:
            yield _field(field, described)
            yield from (f"  {line}" for line in _types_inside(field.type, described))


def _field(field: inspect.Field, described: set[str]) -> str:
    kind, description = _describe(field.type)
    if description in described and len(description) > SHORT:
        description = ""
    described.add(description)
    optional = "" if field.required else ", optional"
    return f"- `{field.name}`: {kind}{optional}. {description}".rstrip()


def _types_inside(kind: inspect.Type, described: set[str]) -> Iterator[str]:
    """The message types that a field is made of and that the page has not described yet."""
    match kind:
        case inspect.Metadata(type=inner) | inspect.ListType(item_type=inner):
            yield from _types_inside(inner, described)
        case inspect.UnionType(types=types):
            for part in types:
                yield from _types_inside(part, described)
        case inspect.StructType(cls=cls) if _is_small(cls) or cls.__name__ not in described:
            described.add(cls.__name__)
            if tag := cls.__struct_config__.tag:
                yield f'- `{cls.__name__}`, with `draw` = "{tag}". {_one_line(cls.__doc__ or "")}'
                yield from (f"  {line}" for line in _fields(cls, described))
            else:
                yield from _fields(cls, described)


def _is_small(kind: type[msgspec.Struct]) -> bool:
    """Whether a type is repeated wherever it applies."""
    return len(kind.__struct_fields__) <= 3


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
            return f"`{cls.__name__}`", _one_line(cls.__doc__ or "")
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


def _one_line(text: str) -> str:
    return " ".join(text.split())
