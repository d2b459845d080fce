"""What recorded runs came to, kept in a file, and the page that is made of it."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

import msgspec
from msgspec import Struct

from golden.store import replace_file

from .feeding import ROOT
from .running import Ran
from .target import Ending
from .targets import TARGETS

KEPT = Path(__file__).parent / "figures.json"
PAGE = ROOT / "docs/reference/fuzz.md"
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
    """What is kept."""
    return msgspec.json.decode(KEPT.read_bytes(), type=Figures) if KEPT.exists() else Figures()


def row_of(ran: Ran, seed: int) -> Row:
    """What a run came to."""
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
    """What this ran with."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "none"
    return found


def page(figures: Figures) -> str:
    """docs/reference/fuzz.md."""
    ran = [_line(row) for row in figures.rows]
    total = sum(row.inputs for row in figures.rows)
    findings = sum(row.findings for row in figures.rows)
    about = [f"- `{target.name}`: {target.about}." for target in TARGETS.values()]
    used = ", ".join(f"{name} {version}" for name, version in figures.versions.items())
    return "\n".join(
        [
            *HEAD, "", *about, "", *TABLE, *ran, "",
            f"{total:,} inputs in total, {findings} findings. Recorded with {used}.", "",
            *(_killed(figures.kills) if figures.kills else []),
        ]
    )  # fmt: skip


def _line(row: Row) -> str:
    counts = f"{row.inputs:,} | {row.accepted:,} | {row.refused:,} | {row.findings}"
    return f"| {row.target} | {row.engine} | {row.seed} | {counts} |"


def _killed(kills: list[Kills]) -> list[str]:
    lines = [
        f"| `{one.command}` | {one.signal} | {one.kills} | {one.written} | {one.temporary} "
        f"| {one.findings} |"
        for one in kills
    ]
    total, findings = sum(one.kills for one in kills), sum(one.findings for one in kills)
    ending = f"{total} kills in total, {findings} findings. Seed {kills[0].seed}."
    return [*KILLED, *lines, "", ending, ""]


HEAD = """\
# Fuzzing

Written by `python -m tests.fuzz --record`, and `python -m tests.fuzz.faults --record`. Whatever
comes from outside is read, or refused in words: no traceback, no hang, no memory without end, and
nothing that is wrong or damaged is taken for right. An input is *accepted* where it was read, or
passed, and *refused* where it was refused, or failed; a *finding* is anything else.
`make fuzz` runs it for a while.
""".splitlines()
TABLE = """\
| target | engine | seed | inputs | accepted | refused | findings |
| --- | --- | --- | --- | --- | --- | --- |
""".splitlines()
KILLED = """\
## Killed runs

Commands ended at random moments by a signal. Afterwards the report is absent, the previous one or
a whole new one; golden files are what they were, or what was being written; transcripts can be
read up to where they break off; and what a kill left half written is cleared by the next run.

| command | signal | kills | had written by then | left half written, and cleared | findings |
| --- | --- | --- | --- | --- | --- |
""".splitlines()
