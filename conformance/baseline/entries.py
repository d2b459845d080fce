"""Reads a baseline: a TOML file in the port's repository with a `[[known]]` table per entry."""

import difflib
import hashlib
import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from conformance.judging.edition import current_edition
from conformance.judging.outcome import Outcome
from ports_adapter.quoting import printable
from reference.profiles import MICROGPT

BASELINE = "baseline.toml"
"""The name of the file, beside the port's manifest."""

HEADER = re.compile(rb"^[ \t]*\[\[[ \t]*\"?known\"?[ \t]*\]\]", re.MULTILINE)
"""The beginning of an entry."""


class BadBaseline(Exception):
    """A baseline cannot be used; the message says where the fault is, and why it is one."""


class Entry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The outcome that a case, or all cases that match a pattern, are expected to have.

    `at` is the first wrong part of the answer, if that matters; `reason` or `link` says why the
    case fails. A `flaky` case may also pass; a `wontfix` case will not be mended. The entry is
    about runs of this `profile` (or pattern) and of this `variant` of the port.
    """

    slug: str
    outcome: Outcome
    at: str = ""
    reason: str = ""
    link: str = ""
    flaky: bool = False
    wontfix: bool = False
    profile: str = MICROGPT.name
    variant: str = ""

    @property
    def is_pattern(self) -> bool:
        """Whether it may match several cases, as a pattern or the name of a level."""
        return "/" not in self.slug or any(sign in self.slug for sign in "*?[")

    @property
    def why(self) -> str:
        """The reason and the link, on one line."""
        return printable(" ".join(filter(None, (self.reason, self.link))), 300)

    def matches(self, slug: str) -> bool:
        """Whether the entry is about this case."""
        return fnmatchcase(slug, self.slug) or slug.startswith(f"{self.slug}/")

    def is_about(self, profile: str, variant: str) -> bool:
        """Whether the entry is about runs of this program and this variant of the port."""
        return fnmatchcase(profile, self.profile) and fnmatchcase(variant, self.variant)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    known: list[Entry] = []
    edition: int | None = None


class Baseline(Struct, frozen=True):
    """The content of a baseline.

    `lines` has the line number at which each entry begins, or nothing if entries are not
    `[[known]]` tables. The cases of `edition` count: the current one, unless the file names an
    older one.
    """

    path: Path
    content: bytes
    entries: tuple[Entry, ...]
    lines: tuple[int, ...]
    edition: int

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file, which must be equal for all parts of a split run."""
        return hashlib.sha256(self.content).hexdigest()

    def description(self, entry: Entry) -> str:
        """An entry in one line, with its line number if that is known."""
        line = f"line {self.lines[self.entries.index(entry)]}: " if self.lines else ""
        return f"{line}{printable(entry.slug, 100)} ({entry.outcome})"


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        BadBaseline: the file cannot be read, is not TOML, has an unknown key or an invalid value,
            lacks a key, gives no reason for an entry, or has two entries for a case.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadBaseline(f"{path} cannot be read: {error.strerror}") from None
    return parse_baseline(path, content)


def parse_baseline(path: Path, content: bytes) -> Baseline:
    """The baseline with this content; `path` is named in messages.

    Raises:
        BadBaseline: as `read_baseline`.
    """
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # also of integers with thousands of digits
        raise BadBaseline(f"{path} is not TOML: {error}") from None
    lines = _lines(content, document)
    _reject_unknown(path, document, lines)
    try:
        file = msgspec.convert(document, _File)
    except (msgspec.ValidationError, RecursionError) as error:
        raise BadBaseline(f"{path}: {_in_keys(str(error), lines)}") from None
    _check(path, file, lines)
    current = current_edition()
    edition = current if file.edition is None else file.edition
    if not 1 <= edition <= current:
        raise BadBaseline(f"{path}: edition {edition} is not one of 1 to {current}")
    return Baseline(path, content, tuple(file.known), lines, edition)


def _check(path: Path, file: _File, lines: tuple[int, ...]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for index, entry in enumerate(file.known):
        where = f"{path}{_line(lines, index)}: known[{index}]"
        if not entry.slug:
            raise BadBaseline(f"{where}.slug is empty; it names a case, as `forward/deep-model`")
        name = printable(entry.slug, 100)
        if entry.outcome in (Outcome.PASS, Outcome.SUITE_FAULT):
            raise BadBaseline(
                f"{where} ({name}) has the outcome {str(entry.outcome)!r}, which is no "
                "failure of a port; remove the entry"
            )
        if not entry.reason.strip() and not entry.link.strip():
            raise BadBaseline(f"{where} ({name}) does not say why: give it a reason or a link")
        if entry.flaky and entry.wontfix:
            raise BadBaseline(f"{where} ({name}) is both flaky and wontfix; remove one")
        key = entry.slug, entry.profile, entry.variant
        if key in seen:
            raise BadBaseline(f"{where} ({name}) has two entries; remove one")
        seen.add(key)


def _reject_unknown(path: Path, document: dict[str, Any], lines: tuple[int, ...]) -> None:
    tables = [("", document, _File)]
    known = document.get("known")
    if isinstance(known, list):
        tables += [
            (f"known[{index}].", entry, Entry)  # type: ignore[misc]
            for index, entry in enumerate(known)
            if isinstance(entry, dict)
        ]
    for index, (prefix, table, shape) in enumerate(tables):
        for key in table.keys() - set(shape.__struct_fields__):
            near = difflib.get_close_matches(key, shape.__struct_fields__, n=1)
            meant = f"; did you mean {prefix}{near[0]}?" if near else "."
            raise BadBaseline(
                f"{path}{_line(lines, index - 1) if prefix else ''}: unknown key "
                f"{prefix}{printable(key, 60)}{meant} "
                f"Possible are {', '.join(shape.__struct_fields__)}."
            )


def _lines(content: bytes, document: dict[str, Any]) -> tuple[int, ...]:
    """The line number at which each entry begins; empty if entries are not `[[known]]` tables."""
    found = [content.count(b"\n", 0, header.start()) + 1 for header in HEADER.finditer(content)]
    known = document.get("known")
    return tuple(found) if isinstance(known, list) and len(found) == len(known) else ()


def _line(lines: tuple[int, ...], index: int) -> str:
    return f":{lines[index]}" if index < len(lines) else ""


def _in_keys(message: str, lines: tuple[int, ...]) -> str:
    """A message of msgspec, with its JSON path written as a TOML key."""
    if message.startswith("Invalid enum value"):
        got = message.removeprefix("Invalid enum value ").partition(" - at ")
        possible = ", ".join(o for o in Outcome if o not in (Outcome.PASS, Outcome.SUITE_FAULT))
        message = f"expected one of {possible}, got {printable(got[0], 60)}{got[1]}{got[2]}"
    index = re.search(r"\$\.known\[(\d+)\]", message)
    line = f" (line {lines[int(index[1])]})" if index and lines else ""
    message = message.replace("Object missing", "it lacks the").replace(" - at `$", " - at key `")
    return message.replace("key `.", "key `") + line
