"""Recognizes a port without a manifest by the files of its language's tools."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

Content = dict[str, Any]
"""The keys that a manifest would have."""


def recognized(folder: Path) -> Content | None:
    """The content that the manifest of a folder would have, or None if it is not recognized."""
    for file, content_of in RECOGNIZED.items():
        path = folder / file
        if path.is_file():
            try:
                return content_of(path)
            except (OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
                return None
    return None


def _swift(path: Path) -> Content:
    return {
        "name": path.parent.resolve().name,
        "language": "Swift",
        "build": ["swift", "build", "-c", "release"],
        "run": ["swift", "run", "-c", "release", "--skip-build"],
    }


def _rust(path: Path) -> Content:
    package = tomllib.loads(path.read_text(encoding="utf-8"))
    name = package["package"]["name"]
    binaries = package.get("bin", [])
    return {
        "name": name,
        "language": "Rust",
        "build": ["cargo", "build", "--release"],
        "run": [f"target/release/{binaries[0]['name'] if binaries else name}"],
    }


def _javascript(path: Path) -> Content:
    package = json.loads(path.read_text(encoding="utf-8"))
    started = "start" in package.get("scripts", {})
    run = ["npm", "run", "--silent", "start"] if started else ["node", package["main"]]
    return {"name": package.get("name", "a port"), "language": "JavaScript", "run": run}


RECOGNIZED: dict[str, Callable[[Path], Content]] = {
    "Package.swift": _swift,
    "Cargo.toml": _rust,
    "package.json": _javascript,
}
