"""Keeps tapes and kernels on disk, for each version of the source of `reference`."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from platformdirs import user_cache_path

from .tape import Tape

PROGRAM = Path(__file__).parent.parent
TAPES, KERNELS, CURVES, ANSWERS = "tapes", "kernels", "curves", "answers"


@cache
def source_sha256() -> str:
    """The checksum of all source files of `reference`, on which tapes and kernels depend."""
    digest = hashlib.sha256()
    for path in sorted(PROGRAM.rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def root() -> Path:
    """The cache folder: `MICROGPT_CACHE`, or one in the user's caches."""
    chosen = os.environ.get("MICROGPT_CACHE")
    return Path(chosen) if chosen else user_cache_path("microgpt-conformance")


def folder(kind: str) -> Path:
    """The folder of the `TAPES`, `KERNELS` or `CURVES` of the present source."""
    return root() / kind / source_sha256()[:16]


def load(key: str) -> Tape | None:
    """The tape with this key, or None if there is none, or if it cannot be read."""
    try:
        content = (folder(TAPES) / key).read_bytes()
        parts = msgspec.msgpack.decode(content, type=dict[str, Any])
        return Tape(**{name: unpacked(part) for name, part in parts.items()})
    except (OSError, msgspec.DecodeError, TypeError, ValueError):
        return None


def save(key: str, tape: Tape) -> None:
    """Write a tape atomically; if the disk cannot be written to, do nothing."""
    parts = {name: packed(getattr(tape, name)) for name in Tape.__dataclass_fields__}
    with contextlib.suppress(OSError):
        folder(TAPES).mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder(TAPES), suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.msgpack.encode(parts))
        Path(temporary).replace(folder(TAPES) / key)


def packed(part: Any) -> Any:
    """A part of a tape, in types that MessagePack has."""
    if isinstance(part, dict):
        return {name: packed(inside) for name, inside in part.items()}
    if isinstance(part, np.ndarray):
        return {"array": part.tobytes(), "dtype": part.dtype.str, "shape": list(part.shape)}
    return part


def unpacked(part: Any) -> Any:
    """A part of a tape, from what `packed` gave."""
    if isinstance(part, dict) and "dtype" in part:
        return np.frombuffer(part["array"], part["dtype"]).reshape(part["shape"])
    if isinstance(part, dict):
        return {name: unpacked(inside) for name, inside in part.items()}
    return part
