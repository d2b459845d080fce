"""The manifest: of each trace its checksum, its provenance, and the budgets of its numbers."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

import reference

from .budgets import tensor_budget, update_budgets
from .store import MANIFEST, UnreadableGolden, decoded, read
from .trace import Trace, full_steps, state_before

PROGRAM = (
    "activation", "adam", "by_hand", "config", "corpus", "counting", "evaluation", "model",
    "profiles", "program", "sampling", "schedule", "sgd", "state", "tokenizer", "training",
    "value",
)  # fmt: skip
"""The modules that decide what a trace holds."""


class Provenance(Struct, frozen=True):
    """What wrote the numbers: the program's checksum, and whose arithmetic it ran on."""

    program_sha256: str
    python: str
    libc: str


File = Annotated[str, Meta(pattern=r"^[\w-]+(/[\w-]+)*\.json\Z")]
"""A golden file's place in its folder, never outside of it."""


class Entry(Struct, frozen=True):
    """One trace. `budgets` holds, by JSON Pointer, each tensor's absolute budget in float64."""

    file: File
    sha256: str
    provenance: Provenance
    budgets: dict[str, float]


class BudgetsEntry(Struct, frozen=True):
    """The file with the budgets of every element (`golden.derived`)."""

    file: File
    sha256: str


class Manifest(Struct, frozen=True):
    """Every golden trace by its name, and the budgets that go with them."""

    schema_version: int
    traces: dict[str, Entry]
    budgets: BudgetsEntry


def read_manifest(path: Path = MANIFEST) -> Manifest:
    """The manifest in a file.

    Raises:
        UnreadableGolden: it is missing, or not a manifest.
    """
    try:
        return decoded(read(path), Manifest)
    except msgspec.DecodeError as error:
        raise UnreadableGolden(
            f"{path} is damaged: {error}. `git checkout {path.name}` brings it back."
        ) from None


def sha256(content: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def program_sha256() -> str:
    """One checksum over the sources of the canonical program."""
    folder = Path(reference.__file__).parent
    return sha256(b"".join((folder / f"{name}.py").read_bytes() for name in PROGRAM))


def provenance() -> Provenance:
    """The provenance of what is computed here and now."""
    libc = " ".join(part for part in platform.libc_ver() if part)
    return Provenance(program_sha256(), platform.python_version(), libc or platform.system())


def trace_budgets(trace: Trace) -> dict[str, float]:
    """The budget of every tensor recorded in full, each stage judged from its own inputs.

    Of an update, the budget is the largest of its tensor.
    """
    budgets: dict[str, float] = {}
    for step, full in full_steps(trace):
        at = f"/steps/{step.step}"
        budgets[f"{at}/loss"] = tensor_budget(step.loss, "float64")
        budgets[f"{at}/losses"] = tensor_budget(full.losses, "float64")
        budgets[f"{at}/logits"] = tensor_budget(full.logits, "float64")
        for name, grads in full.grads.items():
            budgets[f"{at}/grads/{name}"] = tensor_budget(grads, "float64")
        state = state_before(trace, step.step)
        if state is not None:
            updated = update_budgets(state, full.grads, trace.config, "float64")
            budgets |= {f"{at}{part}": float(budget.max()) for part, budget in updated.items()}
    return budgets
