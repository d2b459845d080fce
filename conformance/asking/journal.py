"""The journal of a run: a file of finished results, from which an interrupted run goes on.

Each line is a JSON document: first the request, then what the port offered, then one line for
each finished case. A run that is killed leaves at most one incomplete line, which is ignored.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
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
    ".git", ".hg", ".jj", "__pycache__", "node_modules", ".venv", "venv", "target", ".build",
}  # fmt: skip
"""Folders whose content is fetched or built, and may be large."""


class Head(Struct, frozen=True, kw_only=True, tag="run", tag_field="line"):
    """The first line: which suite asked what of which port.

    `port` is the SHA-256 of the port's files. `asked_for` is the profile that the user named,
    `profile` the one that the cases are about; they differ if the port does not offer the first.
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
    """The open journal of one run; a context manager that closes the file.

    Attributes:
        head: the first line, with the seed of the run. A new run has the seed given here.
        done: the results of earlier finished cases, by slug.
        port: what the report says of the port, once it is known.

    Raises:
        Unusable: the file belongs to another run, is damaged, or cannot be written.
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
            message = f"the journal {path} cannot be used: {error.strerror}"
            raise Unusable(message, ExitCode.USAGE) from None
        if not whole:
            self._write(self.head)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def turn_to(self, profile: str) -> None:
        """Start over with another profile, because the port does not offer the requested one."""
        self.head = structs.replace(self.head, profile=profile)
        self.done, self.port = {}, None
        self._file.truncate(0)
        self._write(self.head)

    def introduce(self, port: PortReport) -> None:
        """Write what the report says of the port."""
        if self.port != port:
            self.port = port
            self._write(_Port(port))

    def keep(self, case: CaseReport) -> None:
        """Write the result of a finished case."""
        self._write(_Ended(case))

    def _begun(self, content: bytes, port: Port, request: Request, seed: int) -> Head:
        """Read an existing journal and give its first line; for an empty one, a new first line."""
        if not content:
            return head_of(port, request, seed, self._path)
        head, *rest = self._read(content)
        if not isinstance(head, Head):
            raise self._damaged(1)
        asked_for = head.seed if request.seed is None else request.seed
        now = head_of(port, request, asked_for, self._path)
        if difference := _difference(head, structs.replace(now, profile=head.profile)):
            raise Unusable(
                f"{self._path} is the journal of another run: {difference}. Remove it to start "
                "over, or repeat the options of that run",
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
            f"{self._path}:{number} is no line of a journal; remove the file to start over",
            ExitCode.USAGE,
        )

    def _write(self, line: _Line) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()


def _difference(then: Head, now: Head) -> str:
    """The first difference between two runs, in words; empty if there is none."""
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
    """The SHA-256 of the paths and contents of a port's files, without the journal itself."""
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
