"""The manifest of a port, `port.toml`: what it is, how it is built, how it is run."""

from __future__ import annotations

import difflib
import math
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from .containment.limits import BuildLimits, Limits
from .containment.sandbox import Sandbox
from .containment.terms import Terms
from .failures import BadManifest
from .layout import BadRule, Layout, Rule, check
from .messages import Precision
from .quoting import printable
from .recognition import RECOGNISED, recognised

FILE = "port.toml"
LONGEST = 1_000_000
"""A time limit in seconds; a longer one is more than the system can wait for."""

MOST = 1_000_000_000
"""What a limit can be at most; there is no more of anything."""

OURS = Path(__file__).parent
"""Our own ports are the folders with a manifest beside this file."""

Kind = Literal["port", "program"]
"""What speaks the protocol, and what is run as it is and only prints."""


class Timeouts(Struct, frozen=True, forbid_unknown_fields=True):
    """Time limits in seconds: of the build, of the first answer, of every other message."""

    build: float = 600.0
    start: float = 10.0
    message: float = 60.0


class Program(Struct, frozen=True, forbid_unknown_fields=True):
    """What has to be known of a program that is run as it is.

    `input` is the file that it trains on, in its working folder; `generator` whose random
    numbers it draws (`auto`: whichever its output fits); `num_steps` how many steps it takes,
    if it does not print that; the others are the sizes and hyperparameters of its model.
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


class Port(Struct, frozen=True, kw_only=True):
    """A port ready to be built and run.

    `folder` is where its commands run. In a command, `{python}` stands for the Python that
    runs this suite. `label` is what the user called it, `variant` which of its variants it is.
    `environment` are the names of the variables that it gets besides the usual ones; `sandbox` is
    the user's choice, not its own.
    """

    folder: Path
    name: str
    language: str
    run: tuple[str, ...]
    build: tuple[str, ...] = ()
    precision: Precision = "float64"
    timeouts: Timeouts = field(default_factory=Timeouts)
    label: str = ""
    variant: str = ""
    layout: Layout = field(default_factory=Layout)
    kind: Kind = "port"
    program: Program = field(default_factory=Program)
    limits: Limits = field(default_factory=Limits)
    build_limits: BuildLimits = field(default_factory=BuildLimits)
    environment: tuple[str, ...] = ()
    sandbox: Sandbox = Sandbox.AUTO

    @property
    def terms(self) -> Terms:
        """On what terms it runs."""
        return Terms(self.limits, self.environment, self.sandbox)

    @property
    def build_terms(self) -> Terms:
        """On what terms it is built."""
        return Terms(self.build_limits, self.environment)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """What may stand in `port.toml`; a variant is a table of keys that differ."""

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


def our_ports() -> list[str]:
    """The names of the ports that come with the suite, each followed by its variants."""
    return [
        name
        for path in sorted(OURS.glob(f"*/{FILE}"))
        for name in (
            path.parent.name,
            *(f"{path.parent.name}:{variant}" for variant in _content(path).get("variants", {})),
        )
    ]


def find_port(name_or_folder: str) -> Port:
    """The port in a folder (or with that `port.toml`), or one of ours by its name.

    `:` and a name after it choose one of the port's variants.

    Raises:
        BadManifest: there is no such folder, name or variant, or the manifest cannot be used.
    """
    path, variant = manifest_of(name_or_folder)
    if not (_is_there(path.parent) and path.parent.is_dir()):
        place = name_or_folder.removesuffix(f":{variant}") if variant else name_or_folder
        raise BadManifest(
            f"there is no folder {place!r}, and no port of ours has that name: PORT is "
            f"a folder with a {FILE}, or one of {', '.join(our_ports())}"
        )
    return read_manifest(path, variant, label=name_or_folder)


def manifest_of(name_or_folder: str) -> tuple[Path, str]:
    """Where the manifest of a port is, if there is one, and the name of its variant, or none."""
    place, _, variant = name_or_folder.rpartition(":")
    if not place or _is_there(Path(name_or_folder)):
        place, variant = name_or_folder, ""
    path = Path(place)
    if path.name == FILE:
        path = path.parent
    if place in our_ports() and not (path / FILE).exists():
        path = OURS / place
    return path / FILE, variant


def described_by(folder: Path) -> Path:
    """The file that says what a port is: its manifest, or what it is recognised by without one."""
    files = (folder / name for name in (FILE, *RECOGNISED))
    return next((file for file in files if file.is_file()), folder / FILE)


def read_manifest(path: Path, variant: str = "", label: str = "") -> Port:
    """The port that a manifest describes.

    Args:
        path: of the manifest.
        variant: which of its variants, if any.
        label: what the user called the port; a rerun is told to use it.

    Raises:
        BadManifest: it is missing or not TOML, a key is unknown, missing or of the wrong type,
            or there is no such variant.
    """
    file = _checked(path, _content(path))
    if variant:
        if variant not in file.variants:
            known = ", ".join(file.variants) or "none"
            raise BadManifest(f"{path}: there is no variant {variant!r}; known are {known}")
        differing = file.variants[variant]
        _reject_unknown(path, differing, _File, f"variants.{variant}.")
        file = _checked(path, _content(path) | differing, f"in variant {variant}: ")
    return Port(
        folder=path.parent.resolve(),
        name=file.name,
        language=file.language,
        run=_command(file.run),
        build=_command(file.build),
        precision=file.precision,
        timeouts=file.timeouts,
        label=label or str(path.parent),
        variant=variant,
        layout=Layout(tuple(file.layout)),
        kind=file.kind,
        program=file.program,
        limits=file.limits,
        build_limits=file.build_limits,
        environment=tuple(file.environment),
    )


def _is_there(path: Path) -> bool:
    """Whether there is such a file or folder; there is none of a name that none can have."""
    try:
        return path.exists()
    except OSError:
        return False


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if (content := recognised(path.parent)) is not None:
            return content
        raise BadManifest(
            f"{path.parent} holds no {FILE}. It needs at least the keys name, language and run: "
            'name = "my port", language = "Swift", run = ["./my-port"]'
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadManifest(f"{path} cannot be read: {error}") from None
    except (ValueError, RecursionError) as error:  # of which not all are a TOMLDecodeError
        raise BadManifest(f"{path} is not TOML: {error}") from None


def _checked(path: Path, content: dict[str, Any], where: str = "") -> _File:
    _reject_unknown(path, content, _File, "")
    for name, shape in _TABLES.items():
        if isinstance(content.get(name), dict):
            _reject_unknown(path, content[name], shape, f"{name}.")
    try:
        file = msgspec.convert(content, _File)
    except msgspec.ValidationError as error:
        raise BadManifest(f"{path}: {where}{_in_keys(str(error))}") from None
    if not file.run:
        raise BadManifest(f"{path}: {where}run is empty; it needs the command that starts the port")
    for name in Timeouts.__struct_fields__:
        if not 0 < getattr(file.timeouts, name) <= LONGEST:
            raise BadManifest(
                f"{path}: {where}timeouts.{name} must be more than 0 seconds, and {LONGEST} at most"
            )
    for table, limits in (("limits", file.limits), ("build_limits", file.build_limits)):
        for name in Limits.__struct_fields__:
            if not 0 < getattr(limits, name) <= MOST:
                raise BadManifest(f"{path}: {where}{table}.{name} must be from 1 to {MOST}")
    for name in file.environment:
        if not _VARIABLE.fullmatch(name):
            raise BadManifest(
                f"{path}: {where}environment lists {printable(name)!r}, which is no name of a "
                "variable; values are taken from the environment of the suite"
            )
    if reason := _wrong_program(file.program):
        raise BadManifest(f"{path}: {where}program.{reason}")
    try:
        check(file.layout)
    except BadRule as error:
        raise BadManifest(f"{path}: {where}{error}") from None
    return file


def _wrong_program(program: Program) -> str | None:
    """What is wrong with a program's keys, if anything."""
    for name in ("n_embd", "n_head", "n_layer", "block_size", "num_steps", "temperature"):
        number = getattr(program, name)
        if number is not None and not 0 < number < math.inf:
            return f"{name} must be more than 0, and finite"
    if program.n_embd % program.n_head:
        return f"n_head {program.n_head} must divide n_embd {program.n_embd}"
    if program.seed < 0:
        return "seed must be 0 or more"
    place = Path(program.input)
    if place.is_absolute() or ".." in place.parts[1:] or place.name in ("", ".."):
        return f"input {program.input!r} must be a file in the port's folder, or beside that"
    return None


def _reject_unknown(path: Path, content: dict[str, Any], shape: type[Struct], prefix: str) -> None:
    known = shape.__struct_fields__
    for key in content:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            meant = f"; did you mean {prefix}{near[0]}?" if near else ""
            raise BadManifest(
                f"{path}: unknown key {prefix}{printable(key, 100)}{meant} "
                f"Possible are {', '.join(known)}."
            )


def _in_keys(message: str) -> str:
    """A msgspec message with its place written as a TOML key."""
    for key, values in _POSSIBLE.items():
        if message.endswith(f"`$.{key}`"):
            message = message.replace("Invalid enum value", f"expected {values}, got")
    return message.replace(" - at `$.", " - at key `").replace("Object missing", "it lacks the")


_TABLES: dict[str, type[Struct]] = {
    "timeouts": Timeouts,
    "program": Program,
    "limits": Limits,
    "build_limits": BuildLimits,
}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_POSSIBLE = {
    "precision": "float64 or float32",
    "kind": "port or program",
    "program.generator": "auto, cpython or own",
}


def _command(words: list[str]) -> tuple[str, ...]:
    return tuple(word.replace("{python}", sys.executable) for word in words)


def missing_tool(command: tuple[str, ...], folder: Path) -> str | None:
    """Why a command cannot be started from `folder`, or None if it can."""
    program, shown = command[0], printable(command[0])
    if "/" in program:
        path = folder / program
        if not path.exists():
            return f"{shown} does not exist in {folder}"
        return None if shutil.which(str(path)) else f"{shown} is not executable"
    return None if shutil.which(program) else f"{shown} is not installed, or not on PATH"
