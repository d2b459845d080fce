"""The file and line at which GitHub shows a failure: the port's manifest, or a baseline entry."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from conformance.baseline.entries import BadBaseline, Baseline, read_baseline
from conformance.judging.standing import Standing
from ports_adapter.manifest import described_by, manifest_of

from .summary import Ending, RunSummary

NAMED = re.compile(r"^[ \t]*(name|run)[ \t]*=", re.MULTILINE)
"""Keys that every manifest has."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, counted from 1."""

    path: Path
    line: int

    @property
    def in_repository(self) -> str:
        """The path inside the repository, which is GITHUB_WORKSPACE or else the current folder."""
        root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
        path = self.path.resolve()
        return str(path.relative_to(root) if path.is_relative_to(root) else path)


class Places:
    """The places of a run's failures, as far as the files can be read."""

    def __init__(self, summary: RunSummary) -> None:
        manifest, self._variant = manifest_of(summary.label)
        path = described_by(manifest.parent)
        self._profile = summary.profile
        self.manifest = Place(path, _line_of(path)) if path.is_file() else None
        self._baseline = _read(summary.baseline) if summary.baseline else None

    def of_case(self, ending: Ending) -> Place | None:
        """The baseline entry that a case contradicts, or else the manifest."""
        if self._baseline is None or ending.standing not in (Standing.STALE, Standing.DIFFERENT):
            return self.manifest
        lines = [
            line
            for entry, line in zip(self._baseline.entries, self._baseline.lines, strict=False)
            if entry.matches(ending.slug) and entry.is_about(self._profile, self._variant)
        ]
        return Place(self._baseline.path, lines[0]) if lines else self.manifest

    def of_unmatched(self, entry: str) -> Place | None:
        """The baseline entry that matches no case, given in the words of the report."""
        if self._baseline is None:
            return self.manifest
        found = re.match(r"line ([0-9]+): ", entry)
        return Place(self._baseline.path, int(found[1]) if found else 1)


def _line_of(manifest: Path) -> int:
    try:
        content = manifest.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 1
    found = NAMED.search(content)
    return content.count("\n", 0, found.start()) + 1 if found else 1


def _read(path: str) -> Baseline | None:
    try:
        return read_baseline(Path(path))
    except (BadBaseline, ValueError):
        return None
