"""The manifest of a port, `port.toml`: what it is, how it is built, how it is run."""

from __future__ import annotations

import difflib
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from .failures import BadManifest
from .messages import Precision

FILE = "port.toml"
OURS = Path(__file__).parent
"""Our own ports are the folders with a manifest beside this file."""


class Timeouts(Struct, frozen=True, forbid_unknown_fields=True):
    """Time limits in seconds: of the build, of the first answer, of every other message."""

    build: float = 600.0
    start: float = 10.0
    message: float = 60.0


class Port(Struct, frozen=True, kw_only=True):
    """A port ready to be built and run.

    `folder` is where its commands run. In a command, `{python}` stands for the Python that
    runs this suite.
    """

    folder: Path
    name: str
    language: str
    run: tuple[str, ...]
    build: tuple[str, ...] = ()
    precision: Precision = "float64"
    timeouts: Timeouts = field(default_factory=Timeouts)
    label: str = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """What may stand in `port.toml`."""

    name: str
    language: str
    run: list[str]
    build: list[str] = field(default_factory=list)
    precision: Precision = "float64"
    timeouts: Timeouts = field(default_factory=Timeouts)


def our_ports() -> list[str]:
    """The names of the ports that come with the suite."""
    return sorted(path.parent.name for path in OURS.glob(f"*/{FILE}"))


def find_port(name_or_folder: str) -> Port:
    """The port in a folder (or with that `port.toml`), or one of ours by its name.

    Raises:
        BadManifest: there is no such folder or name, or its manifest cannot be used.
    """
    path = Path(name_or_folder)
    if path.name == FILE:
        path = path.parent
    if name_or_folder in our_ports() and not (path / FILE).exists():
        path = OURS / name_or_folder
    if not path.is_dir():
        raise BadManifest(
            f"there is no folder {name_or_folder!r}, and no port of ours has that name: PORT is "
            f"a folder with a {FILE}, or one of {', '.join(our_ports())}"
        )
    return read_manifest(path / FILE, label=name_or_folder)


def read_manifest(path: Path, label: str = "") -> Port:
    """The port that a manifest describes.

    Args:
        path: of the manifest.
        label: what the user called the port; a rerun is told to use it.

    Raises:
        BadManifest: it is missing or not TOML, or a key is unknown, missing or of the wrong type.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadManifest(
            f"{path.parent} holds no {FILE}. It needs at least the keys name, language and run: "
            'name = "my port", language = "Swift", run = ["./my-port"]'
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadManifest(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadManifest(f"{path} is not TOML: {error}") from None
    _reject_unknown(path, content, _File, "")
    if isinstance(content.get("timeouts"), dict):
        _reject_unknown(path, content["timeouts"], Timeouts, "timeouts.")
    try:
        file = msgspec.convert(content, _File)
    except msgspec.ValidationError as error:
        raise BadManifest(f"{path}: {_in_keys(str(error))}") from None
    if not file.run:
        raise BadManifest(f"{path}: run is empty; it needs the command that starts the port")
    for name in Timeouts.__struct_fields__:
        if getattr(file.timeouts, name) <= 0:
            raise BadManifest(f"{path}: timeouts.{name} must be more than 0 seconds")
    return Port(
        folder=path.parent.resolve(),
        name=file.name,
        language=file.language,
        run=_command(file.run),
        build=_command(file.build),
        precision=file.precision,
        timeouts=file.timeouts,
        label=label or str(path.parent),
    )


def _reject_unknown(path: Path, content: dict[str, Any], shape: type[Struct], prefix: str) -> None:
    known = shape.__struct_fields__
    for key in content:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            meant = f"; did you mean {prefix}{near[0]}?" if near else ""
            raise BadManifest(
                f"{path}: unknown key {prefix}{key}{meant} Possible are {', '.join(known)}."
            )


def _in_keys(message: str) -> str:
    """A msgspec message with its place written as a TOML key."""
    message = message.replace("Invalid enum value", "expected float64 or float32, got")
    return message.replace(" - at `$.", " - at key `").replace("Object missing", "it lacks the")


def _command(words: list[str]) -> tuple[str, ...]:
    return tuple(word.replace("{python}", sys.executable) for word in words)


def missing_tool(command: tuple[str, ...], folder: Path) -> str | None:
    """Why a command cannot be started from `folder`, or None if it can."""
    program = command[0]
    if "/" in program:
        path = folder / program
        if not path.exists():
            return f"{program} does not exist in {folder}"
        return None if shutil.which(str(path)) else f"{program} is not executable"
    return None if shutil.which(program) else f"{program} is not installed, or not on PATH"
