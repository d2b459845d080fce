"""Loads, builds and checks all golden traces and the golden budgets."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import structs

from reference.corpus import embedded_corpus
from reference.profiles import MICROGPT, PROFILES

from . import derived
from .budgets import Precision, tensor_budget
from .build import COLD_STEPS, build_trace
from .check import Finding, check_budgets, check_trace, compare, movement
from .derived import Budgets, ProfileBudgets, profile_budgets, unpack
from .json_documents import encoded, schema_of
from .progress import Progress, no_progress
from .provenance import (
    BudgetsEntry,
    Entry,
    Manifest,
    provenance,
    read_manifest,
    sha256,
    trace_budgets,
)
from .store import (
    BUDGETS,
    GOLDEN,
    MANIFEST,
    TRACE_SCHEMA,
    TRACES,
    UnreadableGolden,
    read,
    replace_file,
)
from .trace import SCHEMA_VERSION, Trace, decode, encode, recorded_tensors
from .trajectories import FreeRun

Decoded = TypeVar("Decoded")

LENGTH, COLD = 100, 2
"""For all profiles but the final one: steps to follow, and first steps to record in full."""

ALIASES = {"train5": MICROGPT.name}
"""Profiles that are equal to another one, and use its golden files."""

BUILT = tuple(profile for profile in PROFILES.values() if profile.name not in ALIASES)
PRECISIONS: tuple[Precision, ...] = ("float64", "float32")


def load_trace(name: str = MICROGPT.name, folder: Path = GOLDEN) -> Trace:
    """The golden trace of a profile; its checksum is verified.

    Raises:
        UnreadableGolden: the file is missing or not what the manifest lists.
    """
    listed, file = folder / MANIFEST.name, ALIASES.get(name, name)
    manifest = read_manifest(listed)
    if file not in manifest.traces:
        raise UnreadableGolden(f"{listed} lists no trace {file!r}; `make golden` writes it")
    return structs.replace(_loaded(folder, manifest.traces[file], decode), profile=name)


@cache
def load_budgets(name: str = MICROGPT.name, folder: Path = GOLDEN) -> dict[str, ProfileBudgets]:
    """The golden budgets of a profile, by precision; their checksum is verified.

    Raises:
        UnreadableGolden: the file is missing or not what the manifest lists.
    """
    entry, file = read_manifest(folder / MANIFEST.name).budgets, ALIASES.get(name, name)
    budgets = _loaded(folder, entry, derived.decode)
    if file not in budgets:
        raise UnreadableGolden(f"{folder / entry.file} has no {file!r}; `make golden` writes it")
    return budgets[file]


def step_budgets(profile: str, step: int, precision: Precision) -> Budgets | None:
    """The golden budgets of a recorded 0-based step, or None if there are none."""
    packed = load_budgets(profile)[precision].steps.get(str(step))
    return None if packed is None else unpack(packed)


def run_budgets(profile: str, run: FreeRun, precision: Precision) -> Budgets:
    """The golden budgets of a free run.

    Raises:
        KeyError: there are none for this run.
    """
    return unpack(load_budgets(profile)[precision].runs[run.name])


def long_runs(profile: str, precision: Precision) -> list[FreeRun]:
    """The free runs that make up the trajectory, without the steps at its kinks."""
    names = load_budgets(profile)[precision].runs
    runs = [FreeRun.named(name) for name, kept in names.items() if kept.keys() == {"/losses"}]
    return sorted(runs, key=lambda run: run.first)


def _loaded(
    folder: Path, entry: Entry | BudgetsEntry, decode: Callable[[bytes], Decoded]
) -> Decoded:
    """The decoded content of a file, after a comparison with the manifest."""
    path = folder / entry.file
    content = read(path)
    mend = "`git checkout` or `make golden` mends it, `make check` says what changed."
    if sha256(content) != entry.sha256:
        raise UnreadableGolden(f"{path} is damaged: its SHA-256 is not the manifest's. {mend}")
    try:
        return decode(content)
    except msgspec.DecodeError as error:
        raise UnreadableGolden(
            f"{path} does not hold what the manifest says: {error}. {mend}"
        ) from None


def check_all() -> Iterator[Finding]:
    """Check every trace of the manifest, and the budgets.

    Raises:
        UnreadableGolden: the manifest or a file that it lists is missing.
    """
    manifest = read_manifest()
    for name, entry in manifest.traces.items():
        yield check_trace(name, entry, read(GOLDEN / entry.file))
    yield check_budgets(manifest.budgets, read(GOLDEN / manifest.budgets.file))


def build_all(progress: Progress = no_progress) -> Iterator[str]:
    """Write all traces, the budgets, the schema and the manifest; yields a line for each file.

    No file is written before everything is built.
    """
    try:
        listed = read_manifest().traces
    except UnreadableGolden:
        listed = {}
    traces = [
        build_trace(p, embedded_corpus(), p.config, progress, cold=_kept_of(p.name)[0])
        for p in BUILT
    ]
    contents = {trace.profile: encode(trace) for trace in traces}
    budgets = encoded(
        {
            trace.profile: {
                p: profile_budgets(trace, p, progress, _kept_of(trace.profile)[1])
                for p in PRECISIONS
            }
            for trace in traces
        }
    )
    entries = {
        trace.profile: _entry(listed.get(trace.profile), trace, contents[trace.profile])
        for trace in traces
    }
    for trace in traces:
        path = TRACES / f"{trace.profile}.json"
        before = path.read_bytes() if path.exists() else None
        changed = replace_file(path, contents[trace.profile])
        yield _written(path.name, changed)
        if changed and before is not None:
            yield from _what_moved(before, trace)
    yield _written(BUDGETS.name, replace_file(BUDGETS, budgets))
    listed_budgets = BudgetsEntry(BUDGETS.name, sha256(budgets))
    manifest = Manifest(SCHEMA_VERSION, entries, listed_budgets)
    changed = replace_file(MANIFEST, encoded(manifest))
    yield _written(MANIFEST.name, changed)
    yield _written(TRACE_SCHEMA.name, replace_file(TRACE_SCHEMA, schema_of(Trace)))


def _kept_of(profile: str) -> tuple[int, int | None]:
    """How many first steps to record in full, and how many to follow; None means all."""
    return (COLD_STEPS, None) if profile == MICROGPT.name else (COLD, LENGTH)


def _entry(listed: Entry | None, trace: Trace, content: bytes) -> Entry:
    """The manifest's entry; with equal program and content it keeps the listed provenance."""
    now = provenance()
    file, checksum = f"{TRACES.name}/{trace.profile}.json", sha256(content)
    unchanged = (
        listed is not None
        and listed.sha256 == checksum
        and listed.provenance.program_sha256 == now.program_sha256
    )
    source = listed.provenance if unchanged and listed is not None else now
    return Entry(file, checksum, source, trace_budgets(trace))


def _what_moved(before: bytes, trace: Trace) -> Iterator[str]:
    """Lines that say how the numbers of a trace differ from those of the replaced one."""
    try:
        old = decode(before)
    except msgspec.DecodeError:
        yield "  the file that it replaces was no trace"
        return
    if [step.tokens for step in old.steps] != [step.tokens for step in trace.steps]:
        yield "  it trains on other documents than the one that it replaces"
        return
    budgets, now = trace_budgets(trace), dict(recorded_tensors(trace))
    drifts = [
        compare(at, tensor, now[at], budgets.get(at, tensor_budget(tensor, "float64")))
        for at, tensor in recorded_tensors(old)
        if at in now
    ]
    yield f"  {movement(drifts, sum(drift.values for drift in drifts))}"


def _written(name: str, changed: bool) -> str:
    return f"{name}: {'written' if changed else 'unchanged'}"
