"""The golden traces: whole, deterministic, replaced atomically, and checked."""

import fcntl
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import msgspec
import pytest

from golden.build import build_trace
from golden.check import Condition, Finding, check_budgets, check_trace
from golden.goldens import BUILT, load_budgets, load_trace
from golden.json_documents import schema_of
from golden.provenance import (
    BudgetsEntry,
    Entry,
    program_sha256,
    provenance,
    read_manifest,
    sha256,
    trace_budgets,
)
from golden.store import BUDGETS, GOLDEN, MANIFEST, TRACE_SCHEMA, UnreadableGolden, replace_file
from golden.trace import Trace, decode, encode, full_steps, recorded_tensors
from reference.config import Config
from reference.corpus import corpus_of, embedded_corpus
from reference.profiles import MICROGPT
from tests.support.command import run as run_command
from tests.support.suite import ROOT

SMALL = Config(n_embd=4, n_head=2, n_layer=1, block_size=4, num_steps=6, num_samples=3)


@pytest.fixture(scope="module")
def small() -> Trace:
    return build_trace(MICROGPT, corpus_of("small", b"jay\nowl\nkite\n"), SMALL)


def entry_of(trace: Trace) -> Entry:
    return Entry("small.json", sha256(encode(trace)), provenance(), trace_budgets(trace))


def checked(trace: Trace, content: bytes | None = None) -> Finding:
    """What is found in a trace, or in content that stands in its place."""
    return check_trace("small", entry_of(trace), encode(trace) if content is None else content)


def test_a_trace_is_the_same_when_it_is_built_again_and_has_a_line_for_each_step(
    small: Trace,
) -> None:
    content = encode(small)
    assert encode(build_trace(MICROGPT, corpus_of("small", b"jay\nowl\nkite\n"), SMALL)) == content
    assert decode(content) == small
    lines = content.splitlines()
    assert sum(line.startswith(b'{"step":') for line in lines) == SMALL.num_steps


def test_the_committed_trace_was_written_by_the_program_as_it_is() -> None:
    entry = read_manifest().traces["microgpt"]
    assert entry.provenance.program_sha256 == program_sha256(), "run `make golden`"


def test_the_committed_files_are_as_make_golden_would_write_them() -> None:
    assert TRACE_SCHEMA.read_bytes() == schema_of(Trace)
    trace = load_trace()
    entry = read_manifest().traces["microgpt"]
    assert encode(trace) == (GOLDEN / entry.file).read_bytes()
    assert entry.budgets.keys() == trace_budgets(trace).keys()
    assert entry.budgets == pytest.approx(trace_budgets(trace))


@pytest.mark.slow
def test_the_committed_trace_obeys_its_published_schema() -> None:
    document = json.loads((GOLDEN / "traces" / "microgpt.json").read_bytes())
    published = json.loads(TRACE_SCHEMA.read_bytes())
    jsonschema.Draft202012Validator.check_schema(published)
    document["steps"] = document["steps"][:2]
    jsonschema.Draft202012Validator(published).validate(document)
    del document["steps"][0]["tokens"]
    assert not jsonschema.Draft202012Validator(published).is_valid(document)


def test_the_committed_trace_holds_what_the_design_asks_for() -> None:
    trace = load_trace()
    assert trace.config == MICROGPT.config
    assert trace.corpus.sha256 == embedded_corpus().sha256
    assert len(trace.steps) == 1000
    assert len(trace.samples) == 20
    full = [step.step for step, _ in full_steps(trace)]
    assert full[:5] == [0, 1, 2, 3, 4]
    warm = full[-2]
    assert warm >= 450
    assert len(trace.steps[warm].document) >= 10
    assert full[-3:] == [warm - 1, warm, warm + 1]


def test_pointers_are_those_of_the_document(small: Trace) -> None:
    document = json.loads(encode(small))
    for pointer, tensor in recorded_tensors(small):
        found = document
        for token in pointer.split("/")[1:]:
            found = found[int(token) if isinstance(found, list) else token]
        assert found == tensor


def test_an_untouched_trace_is_intact(small: Trace) -> None:
    finding = checked(small)
    assert finding.condition is Condition.INTACT
    assert finding.drifts == ()
    assert finding.values > 0


@pytest.mark.parametrize(
    ("factor", "condition"),
    [(1 + 2.0**-52, Condition.DRIFTED), (1 + 1e-9, Condition.WRONG), (-1.0, Condition.WRONG)],
)
def test_drift_is_told_from_what_the_program_does_not_compute(
    small: Trace, factor: float, condition: Condition
) -> None:
    step = small.steps[2]
    assert isinstance(step.logits, list)
    moved = [[float(x) * factor for x in row] for row in step.logits]
    changed = msgspec.structs.replace(
        small,
        steps=[*small.steps[:2], msgspec.structs.replace(step, logits=moved), *small.steps[3:]],
    )
    finding = checked(changed)
    assert finding.condition is condition
    (drift,) = finding.drifts
    assert drift.pointer.startswith("/steps/2/logits/")
    assert drift.moved > 0


def test_damage_is_told_from_drift_and_located(small: Trace) -> None:
    step = msgspec.structs.replace(small.steps[1], losses=[9.0, 9.0, 9.0, 9.0])
    edited = msgspec.structs.replace(small, steps=[small.steps[0], step, *small.steps[2:]])
    finding = checked(small, encode(edited))
    assert finding.condition is Condition.DAMAGED
    assert any(drift.pointer.startswith("/steps/1/losses") for drift in finding.drifts)
    content = encode(small)
    truncated = checked(small, content[: len(content) // 2])
    assert truncated.condition is Condition.DAMAGED
    assert "cannot be read as a trace" in truncated.detail


def test_damaged_budgets_are_found() -> None:
    entry = read_manifest().budgets
    content = BUDGETS.read_bytes()
    assert check_budgets(entry, content).condition is Condition.INTACT
    damaged = check_budgets(entry, content[:-9])
    assert damaged.condition is Condition.DAMAGED
    assert "budgets.json has another SHA-256" in damaged.detail


def test_a_changed_program_is_named_as_the_cause(small: Trace) -> None:
    changed = msgspec.structs.replace(small, config=replace(SMALL, learning_rate=0.02))
    entry = entry_of(changed)
    older = msgspec.structs.replace(entry.provenance, program_sha256="0" * 64)
    finding = check_trace(
        "small", msgspec.structs.replace(entry, provenance=older), encode(changed)
    )
    assert finding.condition is Condition.WRONG
    assert "the program has changed since" in finding.detail


def test_an_interrupted_write_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trace.json"
    replace_file(path, b"old")

    def interrupted(_handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_dead_process_left_half_written_is_removed_by_the_next_write(
    tmp_path: Path,
) -> None:
    path, left = tmp_path / "trace.json", tmp_path / ".trace.json.abc.tmp"
    replace_file(path, b"same")
    left.write_bytes(b"sa")
    others = [tmp_path / name for name in (".other.json.abc.tmp", "trace.json.tmp", "abc.tmp")]
    for other in others:
        other.write_bytes(b"")
    assert not replace_file(path, b"same")
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])


def test_what_a_living_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    path, being_written = tmp_path / "trace.json", tmp_path / ".trace.json.abc.tmp"
    with being_written.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        replace_file(path, b"new")
        assert being_written.exists()
    replace_file(path, b"newer")
    assert list(tmp_path.iterdir()) == [path]


def test_an_unchanged_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    assert replace_file(path, b"same")
    before = path.stat().st_mtime_ns
    assert not replace_file(path, b"same")
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("content", [None, b"{", b'{"traces": 3}', b'{"\xff": 1}', b"[" * 9999])
def test_a_manifest_that_cannot_be_read_says_how_to_get_it_back(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / MANIFEST.name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableGolden, match=r"git checkout manifest\.json"):
        read_manifest(path)


@pytest.mark.parametrize("file", ["../golden/manifest.json", "/etc/passwd", "a\\u0000.json", ""])
def test_a_manifest_lists_files_beside_it_alone(tmp_path: Path, file: str) -> None:
    path = tmp_path / MANIFEST.name
    path.write_text(MANIFEST.read_text().replace("traces/train0.json", file))
    with pytest.raises(UnreadableGolden, match=r"manifest\.json is damaged"):
        read_manifest(path)


def test_a_trace_listed_as_the_budgets_is_not_taken_for_them(tmp_path: Path) -> None:
    trace, manifest = (GOLDEN / "traces" / "train0.json").read_bytes(), read_manifest()
    listed = msgspec.structs.replace(manifest, budgets=BudgetsEntry("t.json", sha256(trace)))
    (tmp_path / "t.json").write_bytes(trace)
    (tmp_path / MANIFEST.name).write_bytes(msgspec.json.encode(listed))
    with pytest.raises(UnreadableGolden, match="does not hold what the manifest says"):
        load_budgets(folder=tmp_path)


@pytest.mark.parametrize("damage", ["layer0.mlp_fc2", '"n_layer":1', '"m":{"wte":[[', '"steps":['])
def test_a_damaged_trace_that_cannot_be_computed_again_is_damaged(
    small: Trace, damage: str
) -> None:
    other = {'"n_layer":1': '"n_layer":1000000000', '"steps":[': '"steps":[],"more":['}
    spoilt = encode(small).replace(
        damage.encode(), other.get(damage, damage[:-1] + "9").encode(), 1
    )
    assert checked(small, spoilt).condition is Condition.DAMAGED


def test_a_trace_that_is_not_utf_8_is_damaged(small: Trace) -> None:
    spoilt = encode(small).replace(b'"microgpt"', b'"\xff"', 1)
    finding = checked(small, spoilt)
    assert (finding.condition, "cannot be read" in finding.detail) == (Condition.DAMAGED, True)


@pytest.mark.thorough
def test_make_golden_on_an_unchanged_tree_changes_nothing() -> None:
    files = [MANIFEST, BUDGETS, TRACE_SCHEMA, *sorted((GOLDEN / "traces").glob("*.json"))]
    assert len(files) == 3 + len(BUILT)
    before = [path.read_bytes() for path in files]
    build = subprocess.run(
        [sys.executable, "-m", "golden", "build"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [path.read_bytes() for path in files] == before
    assert build.stdout.count("unchanged") == len(files)


@pytest.mark.slow
def test_the_check_command_says_that_all_is_well() -> None:
    check = run_command("golden", "check")
    assert check.returncode == 0
    assert "values computed again" in check.stdout
