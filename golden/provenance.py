"""The manifest, which lists each golden file's checksum, its provenance, and its budgets."""

import hashlib
import platform
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

import reference

from .budgets import tensor_budget, update_budgets
from .json_documents import decoded
from .store import MANIFEST, UnreadableGolden, read
from .trace import Trace, full_steps, state_before

PROGRAM = (
    "activation", "adam", "by_hand", "config", "corpus", "counting", "evaluation", "model",
    "profiles", "program", "sampling", "schedule", "sgd", "state", "tokenizer", "training",
    "value",
)  # fmt: skip
"""The modules of `reference` that determine the content of a trace."""


class Provenance(Struct, frozen=True):
    """Where the numbers come from: the program's checksum, and the Python and libc that ran it."""

    program_sha256: str
    python: str
    libc: str


File = Annotated[str, Meta(pattern=r"^[\w-]+(/[\w-]+)*\.json\Z")]
"""The path of a golden file within the golden folder, which it cannot leave."""


class Entry(Struct, frozen=True):
    """One trace; `budgets` has each tensor's absolute budget in float64, by JSON Pointer."""

    file: File
    sha256: str
    provenance: Provenance
    budgets: dict[str, float]


class BudgetsEntry(Struct, frozen=True):
    """The file with the budgets of single elements (`golden.derived`)."""

    file: File
    sha256: str


class Manifest(Struct, frozen=True):
    """All golden traces by name, and the file of their budgets."""

    schema_version: int
    traces: dict[str, Entry]
    budgets: BudgetsEntry


def read_manifest(path: Path = MANIFEST) -> Manifest:
    """The manifest in a file.

    Raises:
        UnreadableGolden: the file is missing, or is no manifest.
    """
    try:
        return decoded(read(path), Manifest)
    except msgspec.DecodeError as error:
        raise UnreadableGolden(
            f"{path} is damaged: {error}. `git checkout {path.name}` restores it."
        ) from None


def sha256(content: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def program_sha256() -> str:
    """The checksum of the sources of the canonical program."""
    folder = Path(reference.__file__).parent
    return sha256(b"".join((folder / f"{name}.py").read_bytes() for name in PROGRAM))


def provenance() -> Provenance:
    """The provenance of numbers that are computed now."""
    libc = " ".join(part for part in platform.libc_ver() if part)
    return Provenance(program_sha256(), platform.python_version(), libc or platform.system())


def trace_budgets(trace: Trace) -> dict[str, float]:
    """The budget of every tensor that is recorded in full, by JSON Pointer.

    Each step is judged from the recorded inputs. The budget of an updated tensor is the largest
    budget of its elements.
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
