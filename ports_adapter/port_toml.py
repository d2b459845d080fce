"""What a manifest, `port.toml`, may contain, and the checks of its content."""

import difflib
import math
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from .containment.limits import BuildLimits, Limits
from .failures import BadManifest
from .layout import BadRule, Rule, check
from .messages import Precision
from .quoting import printable
from .recognition import recognized

FILE = "port.toml"
LONGEST = 1_000_000
"""The longest time limit in seconds that the operating system can wait for."""

MOST = 1_000_000_000
"""The largest limit of anything else."""

Kind = Literal["port", "program", "page"]
"""A port speaks the protocol, an unmodified program only prints, a page is asked in a browser."""

SECONDS_TO_OPEN = 30.0
"""The time limit for the first answer of a page, whose browser has to start."""


class Timeouts(Struct, frozen=True, forbid_unknown_fields=True):
    """Time limits in seconds: of the build, of the first answer, of every other message."""

    build: float = 600.0
    start: float = 10.0
    message: float = 60.0


class Program(Struct, frozen=True, forbid_unknown_fields=True):
    """What the suite has to know about an unmodified program.

    Attributes:
        input: the file that it trains on, relative to its working folder.
        generator: the random number generator that it uses; `auto` finds out from its output.
        seed: its seed.
        n_embd: a size of its model, like `n_head`, `n_layer` and `block_size`.
        temperature: of its samples.
        num_steps: how many steps it takes, if it does not print that.
        trace: the file in its folder that it writes its trace to; empty if it writes none.
    """

    input: str = "input.txt"
    generator: Literal["auto", "cpython", "own"] = "auto"
    seed: int = 42
    n_embd: int = 16
    n_head: int = 4
    n_layer: int = 1
    block_size: int = 16
    temperature: float = 0.5
    num_steps: int | None = None
    trace: str = ""


class PortToml(Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of `port.toml`; a variant is a table with the keys that differ."""

    name: str
    language: str
    run: list[str]
    build: list[str] = field(default_factory=list)
    precision: Precision = "float64"
    timeouts: Timeouts = field(default_factory=Timeouts)
    layout: list[Rule] = field(default_factory=list)
    kind: Kind = "port"
    program: Program = field(default_factory=Program)
    limits: Limits = field(default_factory=Limits)
    build_limits: BuildLimits = field(default_factory=BuildLimits)
    environment: list[str] = field(default_factory=list)
    variants: dict[str, dict[str, Any]] = field(default_factory=dict)


TABLES: dict[str, type[Struct]] = {
    "timeouts": Timeouts,
    "program": Program,
    "limits": Limits,
    "build_limits": BuildLimits,
}
POSSIBLE = {
    "precision": "float64 or float32",
    "kind": "port, program or page",
    "program.generator": "auto, cpython or own",
}
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def content_of(path: Path) -> dict[str, Any]:
    """The content of a manifest, or what its folder is recognized as without one.

    Raises:
        BadManifest: it is missing, cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if (content := recognized(path.parent)) is not None:
            return content
        raise BadManifest(
            f"{path.parent} has no {FILE}. Create one with at least the keys name, language and "
            'run, such as name = "my port", language = "Swift", run = ["./my-port"]'
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadManifest(f"{path} cannot be read: {error}") from None
    except (ValueError, RecursionError) as error:  # not every error is a TOMLDecodeError
        raise BadManifest(f"{path} is not TOML: {error}") from None


def checked(path: Path, where: str = "", variant: dict[str, Any] | None = None) -> PortToml:
    """The checked content of a manifest.

    Args:
        path: the manifest.
        where: how messages begin, if the content is a variant's.
        variant: the keys in which that variant differs.

    Raises:
        BadManifest: the file cannot be read, or a key is unknown, missing or wrong.
    """
    if variant is not None:
        reject_unknown(path, variant, PortToml, where)
        where = f"in {where.rstrip('.')}: "
    content = content_of(path) | (variant or {})
    reject_unknown(path, content, PortToml, "")
    if content.get("kind") == "page" and isinstance(content.get("timeouts", {}), dict):
        content["timeouts"] = {"start": SECONDS_TO_OPEN} | content.get("timeouts", {})
    for name, shape in TABLES.items():
        if isinstance(content.get(name), dict):
            reject_unknown(path, content[name], shape, f"{name}.")
    try:
        file = msgspec.convert(content, PortToml)
        check(file.layout)
    except msgspec.ValidationError as error:
        raise BadManifest(f"{path}: {where}{_in_keys(str(error))}") from None
    except BadRule as error:
        raise BadManifest(f"{path}: {where}{error}") from None
    if reason := _wrong_value(file):
        raise BadManifest(f"{path}: {where}{reason}")
    return file


def reject_unknown(path: Path, content: dict[str, Any], shape: type[Struct], prefix: str) -> None:
    """Refuse keys that a table does not have.

    Raises:
        BadManifest: there is one; the message suggests a similar key.
    """
    known = shape.__struct_fields__
    for key in content:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            meant = f"; did you mean {prefix}{near[0]}?" if near else "."
            raise BadManifest(
                f"{path}: unknown key {prefix}{printable(key, 100)}{meant} "
                f"Possible keys are {', '.join(known)}."
            )


def _wrong_value(file: PortToml) -> str | None:
    """A sentence on the first value that is out of range, or None."""
    if not file.run:
        return 'run is empty; give the command that starts the port, such as run = ["./my-port"]'
    if file.kind == "page" and len(file.run) > 1:
        return 'run of a page is its HTML file alone, such as run = ["index.html"]'
    for name in Timeouts.__struct_fields__:
        if not 0 < getattr(file.timeouts, name) <= LONGEST:
            return f"timeouts.{name} must be more than 0 seconds and at most {LONGEST}"
    for table, limits in (("limits", file.limits), ("build_limits", file.build_limits)):
        for name in Limits.__struct_fields__:
            if not 0 < getattr(limits, name) <= MOST:
                return f"{table}.{name} must be from 1 to {MOST}"
    for name in file.environment:
        if not VARIABLE.fullmatch(name):
            return (
                f"environment lists {printable(name)!r}, which is not the name of a variable; list "
                "names only, the values come from the environment of the suite"
            )
    program = file.program
    for name in ("n_embd", "n_head", "n_layer", "block_size", "num_steps", "temperature"):
        number = getattr(program, name)
        if number is not None and not 0 < number < math.inf:
            return f"program.{name} must be more than 0 and finite"
    if program.n_embd % program.n_head:
        return f"program.n_head {program.n_head} must divide n_embd {program.n_embd}"
    if program.seed < 0:
        return "program.seed must be 0 or more"
    place = Path(program.input)
    if place.is_absolute() or ".." in place.parts[1:] or place.name in ("", ".."):
        return f"program.input {program.input!r} must be a file in the port's folder or beside it"
    trace = Path(program.trace)
    if program.trace and (trace.is_absolute() or ".." in trace.parts or not trace.name):
        return f"program.trace {program.trace!r} must be a file in the port's folder"
    return None


def _in_keys(message: str) -> str:
    """A msgspec message with its place written as a TOML key."""
    for key, values in POSSIBLE.items():
        if message.endswith(f"`$.{key}`"):
            message = message.replace("Invalid enum value", f"expected {values}, got")
    message = message.replace("Object missing required field", "it lacks the required key")
    return message.replace(" - at `$.", " - at key `")
