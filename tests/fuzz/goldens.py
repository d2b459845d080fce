"""Golden files: what is damaged is never taken, and said to be damaged in words."""

from functools import cache
from pathlib import Path

import msgspec

from golden import derived
from golden.build import build_trace
from golden.check import Condition, check_budgets, check_trace
from golden.derived import ProfileBudgets
from golden.goldens import load_budgets, load_trace
from golden.json_documents import encoded
from golden.provenance import (
    BudgetsEntry,
    Entry,
    Manifest,
    provenance,
    read_manifest,
    sha256,
    trace_budgets,
)
from golden.store import UnreadableGolden
from golden.trace import Trace, encode
from reference.config import Config
from reference.corpus import corpus_of
from reference.profiles import MICROGPT

from .folder import folder
from .target import Ending, Target, claim, claim_printable, refused

SMALL = Config(n_embd=2, n_head=1, n_layer=1, block_size=2, num_steps=3, num_samples=1)
FILES = ("manifest.json", "microgpt.json", "budgets.json")


@cache
def right() -> dict[str, bytes]:
    """A small golden folder: its files by their names."""
    trace = encode(small())
    packed = derived.pack(derived.unpack({}))
    budgets = encoded({MICROGPT.name: {"float64": ProfileBudgets({"0": packed}, {}, [])}})
    entry = Entry("microgpt.json", sha256(trace), provenance(), trace_budgets(small()))
    listed = BudgetsEntry("budgets.json", sha256(budgets))
    manifest = msgspec.json.encode(Manifest(1, {MICROGPT.name: entry}, listed))
    return dict(zip(FILES, (manifest, trace, budgets), strict=True))


@cache
def small() -> Trace:
    return build_trace(MICROGPT, corpus_of("small", b"a\nab\n"), SMALL)


def place(file: str) -> Path:
    """A folder of this process in which just that file is fed; the others are right."""
    made = folder(file)
    for name, content in right().items():
        if not (made / name).exists():
            (made / name).write_bytes(content)
    return made


def feed(choice: int, content: bytes) -> Ending:
    file = FILES[choice]
    here = place(file)
    (here / file).write_bytes(content)
    is_same = content == right()[file]
    if file == "microgpt.json":
        entry = read_manifest(here / FILES[0]).traces[MICROGPT.name]
        found = check_trace(MICROGPT.name, entry, content)
        claim((found.condition is Condition.INTACT) == is_same, f"it is found {found.condition}")
        claim_printable(found.detail, "what is found")
    if file == "budgets.json":
        condition = check_budgets(read_manifest(here / FILES[0]).budgets, content).condition
        claim((condition is Condition.INTACT) == is_same, f"they are found {condition}")
    try:
        trace = load_trace(folder=here)
        budgets = load_budgets.__wrapped__(folder=here)
    except UnreadableGolden as error:
        return refused(error)
    claim(trace == small(), "another trace is taken for the golden one")
    claim(budgets.keys() == {"float64"}, "other budgets are taken for the golden ones")
    claim(is_same or file == FILES[0], "a damaged file is taken")
    return Ending.ACCEPTED


def seeds() -> list[bytes]:
    return [bytes([n]) + right()[file] for n, file in enumerate(FILES)]


GOLDEN = Target(
    name="golden",
    about="a manifest, a trace or budgets to what loads and checks them",
    feed=feed,
    seeds=seeds,
    choices=len(FILES),
    share=6,
)
