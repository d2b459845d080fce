"""What recorded runs came to, kept in a file, and the page that is made of it."""

import platform
from importlib import metadata
from pathlib import Path

import msgspec
from msgspec import Struct

from conformance.reports.markdown_page import filled
from golden.store import replace_file

from .feeding import ROOT
from .running import Ran
from .target import Ending
from .targets import TARGETS

KEPT = Path(__file__).parent / "figures.json"
PAGE = ROOT / "docs/reference/fuzz.md"
TEMPLATE = Path(__file__).with_name("fuzz.md.j2")
PACKAGES = ("msgspec", "numpy", "einops", "hypothesis", "atheris")


class Row(Struct, frozen=True):
    """A target's inputs from one engine."""

    target: str
    engine: str
    seed: int
    inputs: int
    accepted: int
    refused: int
    findings: int


class Kills(Struct, frozen=True):
    """A command that was ended so often by a signal: while it ran, and before it had ended."""

    command: str
    signal: str
    seed: int
    kills: int
    written: int
    temporary: int
    findings: int


class Figures(Struct):
    """All that was recorded; the versions are those of the last time."""

    versions: dict[str, str] = {}
    rows: list[Row] = []
    kills: list[Kills] = []


def load() -> Figures:
    return msgspec.json.decode(KEPT.read_bytes(), type=Figures) if KEPT.exists() else Figures()


def row_of(ran: Ran, seed: int) -> Row:
    accepted, refused = ran.endings[Ending.ACCEPTED], ran.endings[Ending.REFUSED]
    return Row(ran.target, ran.engine, seed, ran.inputs, accepted, refused, len(ran.findings))


def keep_rows(rows: list[Row]) -> None:
    """Put rows in place of what was kept of the same targets and engines."""
    figures = load()
    known = {(row.target, row.engine): row for row in (*figures.rows, *rows)}
    engines = ("mutation", "hypothesis", "atheris")
    in_order = [(name, engine) for engine in engines for name in TARGETS]
    figures.rows = [known[key] for key in in_order if key in known]
    _keep(figures)


def keep_kills(kills: list[Kills]) -> None:
    """Put figures of killed commands in place of those of the same ones."""
    figures = load()
    known = {(one.command, one.signal): one for one in (*figures.kills, *kills)}
    figures.kills = list(known.values())
    _keep(figures)


def _keep(figures: Figures) -> None:
    figures.versions = versions()
    replace_file(KEPT, msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
    replace_file(PAGE, page(figures).encode())


def versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "none"
    return found


def page(figures: Figures) -> str:
    used = ", ".join(f"{name} {version}" for name, version in figures.versions.items())
    targets = TARGETS.values()
    return filled(TEMPLATE, rows=figures.rows, kills=figures.kills, targets=targets, used=used)
