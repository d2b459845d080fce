"""What the tree must not hold: shared code, names.txt, crowded folders, long or ambiguous modules.

Which way imports run is held by import-linter, in pyproject.toml.
"""

import ast
import hashlib
import subprocess
from collections import Counter
from pathlib import Path

from reference.corpus import NAMES_SHA256
from tests.support.suite import ROOT

PACKAGES = {"conformance", "golden", "ports_adapter", "reference", "tests"}

MODULES_PER_FOLDER = 12
LINES_PER_MODULE = 300

PARTS_OF_THE_PROGRAM = {
    "adam", "autograd", "by_hand", "counting", "generator", "handshake", "layers", "model",
    "program", "sampling", "schedule", "tokenizer", "training",
}  # fmt: skip
"""The reference, the cases, the mistakes and the messages each have a module for such a part."""

MAY_RECUR = {"__init__", "__main__", "cli", "survey", *PARTS_OF_THE_PROGRAM}
"""Module names that mean the same wherever they stand."""


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


def modules(package: str) -> list[Path]:
    return [path.relative_to(ROOT) for path in tracked(f"{package}/**.py")]


def test_no_two_modules_share_a_name_and_mean_different_things() -> None:
    apart = {"python", "js", "rust", "swift", "kits", "recorders"}  # programs of their own
    names = Counter(
        path.stem
        for package in PACKAGES - {"tests"}
        for path in modules(package)
        if not (package == "ports_adapter" and path.parts[1] in apart)
    )
    assert not {name for name, count in names.items() if count > 1} - MAY_RECUR


def test_folders_of_conformance_hold_at_most_a_dozen_modules() -> None:
    held = Counter(path.parent for path in modules("conformance") if "__" not in path.stem)
    assert not {folder for folder, count in held.items() if count > MODULES_PER_FOLDER}


def test_modules_of_conformance_are_at_most_300_lines_long() -> None:
    lengths = {str(p): len((ROOT / p).read_text().splitlines()) for p in modules("conformance")}
    assert not {path for path, length in lengths.items() if length > LINES_PER_MODULE}
