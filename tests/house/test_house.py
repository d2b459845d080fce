"""What must not be in the house; which way imports run is held by import-linter."""

from __future__ import annotations

import ast
import hashlib
import subprocess
from pathlib import Path

from reference.corpus import NAMES_SHA256
from tests.support.suite import ROOT

PACKAGES = {"conformance", "golden", "ports_adapter", "reference", "tests"}


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_our_ports_share_no_code_with_the_suite() -> None:
    for path in tracked("ports_adapter/python/**.py"):
        assert not imported(path) & PACKAGES, path


def test_names_txt_is_not_among_our_files() -> None:
    for path in tracked("."):
        assert hashlib.sha256(path.read_bytes()).hexdigest() != NAMES_SHA256, path
