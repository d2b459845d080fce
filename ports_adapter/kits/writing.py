"""Writes a starter kit into a new folder.

A kit is a folder beside this file that contains a port named `my port`. Files that all kits share
are in `common`. Files that one of the suite's own ports has, such as a JSON module, are copied
from there.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..manifest import OURS
from .port_name import display_name, package_name

HERE = Path(__file__).parent
BUILT = {"__pycache__", "build", "target", ".build", "node_modules"}
"""Folders that building leaves in a kit, which are not part of it."""


@dataclass(frozen=True, slots=True)
class Kit:
    """A kit: its language, the file that methods are added to, and the tools that it needs.

    `borrowed` has files of the suite's own ports, by their paths in the kit.
    """

    language: str
    methods_file: str
    tools: str
    borrowed: Mapping[str, str] = field(default_factory=dict)


_FROM_OUR_JS = ("errors", "json", "lines", "main", "server", "tokenizer")

KITS = {
    "swift": Kit("Swift", "Sources/Port/Methods.swift", "Swift 5.7 or newer"),
    "rust": Kit("Rust", "src/methods.rs", "Rust with cargo", {"src/json.rs": "rust/src/json.rs"}),
    "js": Kit(
        "JavaScript",
        "src/methods.js",
        "Node 18 or newer",
        {f"src/{name}.js": f"js/src/{name}.js" for name in _FROM_OUR_JS},
    ),
    "python": Kit("Python", "port/methods.py", "nothing but Python 3.11 or newer"),
    "c": Kit("C", "src/methods.c", "a C11 compiler and make"),
}
"""The kits, by the values of `LANG`."""


class Refused(Exception):
    """There is no such kit, or it cannot be written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Written:
    """A kit that was written: the new port's name, folder and files."""

    kit: Kit
    name: str
    folder: Path
    files: tuple[Path, ...]


def write_kit(language: str, folder: Path) -> Written:
    """Write the kit of a language into a folder that is new, or empty except for `.git`.

    Raises:
        Refused: there is no such kit, or the folder is not empty or cannot be written.
    """
    kit = _find(language)
    name = folder.resolve().name
    words = {
        "my port": display_name(name),
        "my-port": package_name(name),
        "LANGUAGE": kit.language,
        "METHODS_FILE": kit.methods_file,
        "TOOLS": kit.tools,
    }
    files = {
        path: _replaced(source.read_text(encoding="utf-8"), words)
        for path, source in sorted(_sources(language.lower(), kit))
    }
    try:
        _demand_empty(folder)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    return Written(kit, words["my port"], folder, tuple(files))


def _find(language: str) -> Kit:
    known = {key: key for key in KITS} | {kit.language.lower(): key for key, kit in KITS.items()}
    if language.lower() in KITS:
        return KITS[language.lower()]
    near = difflib.get_close_matches(language.lower(), known, n=1, cutoff=0.5)
    meant = f"; did you mean {known[near[0]]}?" if near else "."
    raise Refused(f"there is no kit for {language!r}{meant} Possible are {', '.join(KITS)}.")


def _sources(language: str, kit: Kit) -> Iterator[tuple[Path, Path]]:
    """Each file of a kit: its path in the new port, and the file that it is copied from."""
    for root in (HERE / "common", HERE / language):
        for source in root.rglob("*"):
            path = source.relative_to(root)
            if source.is_file() and BUILT.isdisjoint(path.parts):
                yield path, source
    for place, source_name in kit.borrowed.items():
        yield Path(place), OURS / source_name


def _replaced(text: str, words: Mapping[str, str]) -> str:
    """Replace words in a text, but not within replacements."""
    return re.sub("|".join(map(re.escape, words)), lambda found: words[found[0]], text)


def _demand_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is a file; choose a new or empty folder")
    if folder.is_dir() and any(entry.name != ".git" for entry in folder.iterdir()):
        raise Refused(f"{folder} is not empty; choose a new or empty folder")
