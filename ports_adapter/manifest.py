"""A port as its manifest, `port.toml`, describes it, and how the suite finds one."""

import shutil
import sys
from pathlib import Path

from msgspec import Struct, field

from .browser.availability import command_for, why_no_page
from .containment.limits import BuildLimits, Limits
from .containment.sandbox import Sandbox
from .containment.terms import Terms
from .failures import BadManifest
from .layout import Layout
from .messages import Precision
from .port_toml import FILE, Kind, Program, Timeouts, checked, content_of
from .quoting import printable
from .recognition import RECOGNIZED

OURS = Path(__file__).parent
"""The suite's own ports are the folders with a manifest beside this file."""


class Port(Struct, frozen=True, kw_only=True):
    """A port that can be built and run.

    `folder` is where its commands run, in which `{python}` has become this Python. `label` is what
    the user called it, `variant` the manifest's variant or empty, and `sandbox` the user's choice.
    `environment` lists variables that it gets besides the usual ones. The other fields are the
    keys of `port.toml`.
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
        """What it may do while it runs."""
        return Terms(self.limits, self.environment, self.sandbox)

    @property
    def build_terms(self) -> Terms:
        """What it may do while it is built."""
        return Terms(self.build_limits, self.environment)


SHARED = (
    "name", "language", "precision", "timeouts", "kind", "program", "limits", "build_limits",
)  # fmt: skip
"""The keys of a manifest that a port has unchanged."""


def our_ports() -> list[str]:
    """The names of the suite's own ports, each followed by its variants as `NAME:VARIANT`."""
    return [
        name
        for path in sorted(OURS.glob(f"*/{FILE}"))
        for name in (
            path.parent.name,
            *(f"{path.parent.name}:{variant}" for variant in content_of(path).get("variants", {})),
        )
    ]


def find_port(name_or_folder: str) -> Port:
    """The port in a folder, of a `port.toml`, or of the suite by name; `:VARIANT` may follow.

    Raises:
        BadManifest: there is no such folder, name or variant, or the manifest cannot be used.
    """
    path, variant = manifest_of(name_or_folder)
    if not (_exists(path.parent) and path.parent.is_dir()):
        place = name_or_folder.removesuffix(f":{variant}") if variant else name_or_folder
        raise BadManifest(
            f"there is no folder {place!r}, and the suite has no port of that name. PORT is "
            f"a folder with a {FILE}, or one of {', '.join(our_ports())}"
        )
    return read_manifest(path, variant, label=name_or_folder)


def manifest_of(name_or_folder: str) -> tuple[Path, str]:
    """The path where a port's manifest would be, and the name of its variant or an empty one."""
    place, _, variant = name_or_folder.rpartition(":")
    if not place or _exists(Path(name_or_folder)):
        place, variant = name_or_folder, ""
    path = Path(place)
    if path.name == FILE:
        path = path.parent
    if place in our_ports() and not (path / FILE).exists():
        path = OURS / place
    return path / FILE, variant


def described_by(folder: Path) -> Path:
    """The file that describes a port: its manifest, or the file that it is recognized by."""
    files = (folder / name for name in (FILE, *RECOGNIZED))
    return next((file for file in files if file.is_file()), folder / FILE)


def read_manifest(path: Path, variant: str = "", label: str = "") -> Port:
    """The port that a manifest describes.

    Args:
        path: the manifest.
        variant: one of its variants, or empty.
        label: what the user called the port, for the commands that run a case again.

    Raises:
        BadManifest: it is missing or not TOML, a key is unknown, missing or wrong, or there is
            no such variant.
    """
    file = checked(path)
    if variant:
        if variant not in file.variants:
            known = ", ".join(file.variants) or "none"
            raise BadManifest(f"{path}: there is no variant {variant!r}; known are {known}")
        file = checked(path, f"variants.{variant}.", file.variants[variant])
    fields = {key: getattr(file, key) for key in SHARED}
    is_page = file.kind == "page"
    return Port(
        folder=path.parent.resolve(),
        run=command_for(file.run[0], file.name, file.precision) if is_page else _command(file.run),
        build=_command(file.build),
        label=label or str(path.parent),
        variant=variant,
        layout=Layout(tuple(file.layout)),
        environment=tuple(file.environment),
        **fields,
    )


def why_not_started(port: Port) -> str | None:
    """Why a port cannot be started on this machine, or None if it can."""
    if port.kind == "page":
        return why_no_page(port.run[2], port.folder)
    return missing_tool(port.run, port.folder)


def missing_tool(command: tuple[str, ...], folder: Path) -> str | None:
    """Why a command cannot be started from `folder`, or None if it can."""
    program, shown = command[0], printable(command[0])
    if "/" in program:
        path = folder / program
        if not path.exists():
            return f"{shown} does not exist in {folder}"
        return None if shutil.which(str(path)) else f"{shown} is not executable"
    return None if shutil.which(program) else f"{shown} is not installed, or not on PATH"


def _exists(path: Path) -> bool:
    """Whether a file or folder exists; False for a name that no file can have."""
    try:
        return path.exists()
    except OSError:
        return False


def _command(words: list[str]) -> tuple[str, ...]:
    return tuple(word.replace("{python}", sys.executable) for word in words)
