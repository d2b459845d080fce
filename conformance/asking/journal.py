"""The journal of a run: finished results as they come, so that a run that was ended goes on.

One JSON document a line: first what was asked of whom, then what the port said of itself, then
a line for each case that has ended. A run that is killed leaves half a line at most.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec
from msgspec import Struct, structs

from conformance.cases.request import Request, Unusable
from conformance.judging.edition import current_edition
from conformance.judging.outcome import ExitCode
from conformance.judging.report import SUITE_VERSION, CaseReport, PortReport
from ports_adapter.manifest import Port
from ports_adapter.quoting import printable

LEFT_OUT = {
    ".git",
    ".hg",
    ".jj",
    "__pycache__",
    "node_modules",
    ".venv",
    "venv",
    "target",
    ".build",
}
"""Folders that may be large, and hold what was fetched or built from the rest."""


class Head(Struct, frozen=True, kw_only=True, tag="run", tag_field="line"):
    """The first line: what was asked of which port, by which suite.

    `port` is the SHA-256 of the port's files. `asked_for` is the profile that the user named, if
    any, and `profile` the one that the cases are about, if it is another.
    """

    suite_version: str = SUITE_VERSION
    edition: int = msgspec.field(default_factory=current_edition)
    label: str
    port: str
    patterns: list[str]
    names: bool
    long: bool
    settings: list[str]
    shard: str
    asked_for: str | None
    profile: str | None
    seed: int


class _Port(Struct, frozen=True, tag="port", tag_field="line"):
    port: PortReport


class _Ended(Struct, frozen=True, tag="case", tag_field="line"):
    case: CaseReport


_Line = Head | _Port | _Ended
_DECODER: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)


def head_of(port: Port, request: Request, seed: int, journal: Path) -> Head:
    """The first line of a run's journal."""
    return Head(
        label=port.label,
        port=fingerprint(port.folder, journal),
        patterns=list(request.patterns),
        names=request.names,
        long=request.long,
        settings=list(request.settings),
        shard=str(request.shard or ""),
        asked_for=request.profile,
        profile=request.profile,
        seed=seed,
    )


class Journal:
    """The journal of one run, open to be written; a context manager that closes it.

    `head` says what the run was begun with, its seed among it; of a run that is begun now that is
    `seed`. `done` has the results of cases that ended before, by slug, and `port` what the port
    had said of itself by then.

    Raises:
        Unusable: the file is of another run, or is damaged, or cannot be written.
    """

    def __init__(self, path: Path, port: Port, request: Request, seed: int) -> None:
        self._path = path
        self.done: dict[str, CaseReport] = {}
        self.port: PortReport | None = None
        try:
            content = path.read_bytes() if path.exists() else b""
            whole = content[: content.rfind(b"\n") + 1]
            self.head = self._begun(whole, port, request, seed)
            self._file: BinaryIO = path.open("ab")
            self._file.truncate(len(whole))
        except OSError as error:
            raise Unusable(
                f"the journal {path} cannot be used: {error.strerror}", ExitCode.USAGE
            ) from None
        if not whole:
            self._write(self.head)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def turn_to(self, profile: str) -> None:
        """Begin anew with another profile, since the port does not offer the one asked for."""
        self.head = structs.replace(self.head, profile=profile)
        self.done, self.port = {}, None
        self._file.truncate(0)
        self._write(self.head)

    def introduce(self, port: PortReport) -> None:
        """Keep what the port has said of itself."""
        if self.port != port:
            self.port = port
            self._write(_Port(port))

    def keep(self, case: CaseReport) -> None:
        """Keep the result of a case."""
        self._write(_Ended(case))

    def _begun(self, content: bytes, port: Port, request: Request, seed: int) -> Head:
        """What the run was begun with, its finished results taken in; a new one if it was not."""
        if not content:
            return head_of(port, request, seed, self._path)
        head, *rest = self._read(content)
        if not isinstance(head, Head):
            raise self._damaged(1)
        asked_for = head.seed if request.seed is None else request.seed
        now = head_of(port, request, asked_for, self._path)
        if difference := _difference(head, structs.replace(now, profile=head.profile)):
            raise Unusable(
                f"{self._path} is the journal of another run: {difference}. Remove it to begin "
                "anew, or give the options that it was begun with",
                ExitCode.USAGE,
            )
        for number, line in enumerate(rest, 2):
            match line:
                case _Port():
                    self.port = line.port
                case _Ended():
                    self.done[line.case.slug] = line.case
                case _:
                    raise self._damaged(number)
        return head

    def _read(self, content: bytes) -> list[_Line]:
        return [self._decoded(n, line) for n, line in enumerate(content.splitlines(), 1)]

    def _decoded(self, number: int, line: bytes) -> _Line:
        try:
            return _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._damaged(number) from None

    def _damaged(self, number: int) -> Unusable:
        return Unusable(
            f"{self._path}:{number} is no line of a journal; remove the file to begin anew",
            ExitCode.USAGE,
        )

    def _write(self, line: _Line) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()


def _difference(then: Head, now: Head) -> str:
    """What is not as it was, in words, or an empty string."""
    for name in Head.__struct_fields__:
        before, after = getattr(then, name), getattr(now, name)
        if before == after:
            continue
        if name == "port":
            return "the port's files have changed since"
        return f"its {name.replace('_', ' ')} is {_shown(before)}, not {_shown(after)}"
    return ""


def _shown(value: object) -> str:
    return printable(str(value) or "none", 100)


def fingerprint(folder: Path, journal: Path) -> str:
    """The SHA-256 of a port's files, their paths and contents, the journal itself left out."""
    digest = hashlib.sha256()
    for path in _files(folder):
        if path == journal.resolve():
            continue
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            if entry.name not in LEFT_OUT:
                yield from _files(entry)
        elif entry.is_file():
            yield entry
