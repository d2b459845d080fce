"""Shows progress while a program runs, which may take minutes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import Progress, TaskID

EVERY = 0.2
"""Seconds between two updates of the bar."""


class Watcher(Protocol):
    """Receives progress."""

    def running(self, about: str) -> None:
        """The program starts on a corpus."""

    def stepped(self, step: int, total: int | None) -> None:
        """The program has printed a step."""

    def computing(self, what: str, total: int | None = None) -> None:
        """The oracle computes something that has so many parts."""

    def advanced(self) -> None:
        """A part is done."""


class Silent:
    """Shows nothing."""

    def running(self, about: str) -> None:
        """Nothing."""

    def stepped(self, step: int, total: int | None) -> None:
        """Nothing."""

    def computing(self, what: str, total: int | None = None) -> None:
        """Nothing."""

    def advanced(self) -> None:
        """Nothing."""


class Lines(Silent):
    """Prints a line for each activity, for output that is not a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def running(self, about: str) -> None:
        """Print the corpus."""
        self._console.print(f"running on {about}", highlight=False)

    def computing(self, what: str, total: int | None = None) -> None:
        """Print what is computed, if it takes long."""
        if total is not None:
            self._console.print(f"computing {what}, once", highlight=False)


class Bar:
    """Shows a progress bar on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._moved = 0.0

    def running(self, about: str) -> None:
        """Show a new bar for the corpus."""
        self._begin(f"running on {about}", None)

    def stepped(self, step: int, total: int | None) -> None:
        """Update the bar, but not too often."""
        now = time.monotonic()
        if self._task is not None and now - self._moved > EVERY:
            self._moved = now
            self._progress.update(self._task, completed=step, total=total)

    def computing(self, what: str, total: int | None = None) -> None:
        """Show a new bar for what is computed."""
        self._begin(f"computing {what}", total)

    def advanced(self) -> None:
        """Advance the bar by one part."""
        if self._task is not None:
            self._progress.advance(self._task)

    def _begin(self, what: str, total: int | None) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(what, total=total)


@contextmanager
def watching(console: Console) -> Iterator[Watcher]:
    """A watcher for a console: a bar on a terminal, lines elsewhere."""
    if not console.is_terminal:
        yield Lines(console)
        return
    with Progress(console=console, transient=True) as progress:
        yield Bar(progress)
