"""Traces in files of tensors: the records of JSON Lines, written by NumPy and safetensors."""

import json
import struct
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from tests.support.traces import Records, Writer

FACTS = ("n_layer", "n_embd", "n_head", "block_size", "num_steps", "tokens")
"""Fields whose arrays are of whole numbers."""

Entries = dict[str, Any]


def entries(records: Records, dtype: Any = np.float64, separator: str = "/") -> Entries:
    """The entries of a file that has all records: arrays and texts by name."""
    found: Entries = {}
    for record in records:
        start = "" if "trace" in record else f"{record['step']}{separator}"
        for part, value in record.items():
            if part in ("trace", "step"):
                continue
            parts = value if isinstance(value, dict) else {"": value}
            for matrix, numbers in parts.items():
                name = start + part + (matrix and separator + matrix)
                of = np.int64 if part in FACTS else dtype
                found[name] = numbers if isinstance(numbers, str) else np.array(numbers, of)
    return found


@cache
def _usual() -> Entries:
    return entries(Writer(named=str).records())


def usual_entries() -> Entries:
    """The entries of a plain right trace of two steps, to be changed."""
    return {
        name: value if isinstance(value, str) else value.copy() for name, value in _usual().items()
    }


def npz(path: Path, found: Mapping[str, Any]) -> Path:
    """An npz file of some entries."""
    np.savez(path, **found)
    return path


def safetensors(path: Path, found: Mapping[str, Any]) -> Path:
    """A safetensors file of some entries; texts are metadata."""
    texts = {name: value for name, value in found.items() if isinstance(value, str)}
    arrays = {n: np.ascontiguousarray(v) for n, v in found.items() if n not in texts}
    save_file(arrays, path, metadata=texts)
    return path


def raw_safetensors(path: Path, arrays: Mapping[str, tuple[str, list[int], bytes]]) -> Path:
    """A safetensors file of types that NumPy does not have: type, shape and content by name."""
    header, content = {}, b""
    for name, (of, shape, part) in arrays.items():
        header[name] = {"dtype": of, "shape": shape}
        header[name]["data_offsets"] = [len(content), len(content) + len(part)]
        content += part
    start = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(start)) + start + content)
    return path


def folder(
    path: Path, found: Mapping[str, Any], write: Callable[[Path, Mapping[str, Any]], Path]
) -> Path:
    """A folder with a file for each step, and one for the first record."""
    files: dict[str, Entries] = defaultdict(dict)
    for name, value in found.items():
        step, _, rest = name.partition("/")
        if step.isdigit():
            files[f"step_{int(step):04}"][rest] = value
        else:
            files["header"][name] = value
    path.mkdir()
    for stem, inside in files.items():
        write(path / f"{stem}.{write.__name__}", inside)
    return path


def as_bfloat16(numbers: Any) -> Any:
    """Numbers rounded to bfloat16, as float32."""
    bits = np.asarray(numbers, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).view(np.float32)


def bfloat16_bytes(numbers: Any) -> bytes:
    """Numbers of bfloat16 as they are stored."""
    stored = (as_bfloat16(numbers).view(np.uint32) >> 16).astype("<u2").tobytes()
    return bytes(stored)
