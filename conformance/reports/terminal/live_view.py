"""What a person sees while a run lasts: bars on a terminal, a few lines in a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID

from conformance.asking.case_result import Result
from conformance.programs.watcher import Watcher

from .safe_console import put

EVERY = 0.2
"""Seconds between two movements of the bar of a program's steps."""


@contextmanager
def case_progress(total: int, console: Console) -> Iterator[Callable[[Result], None]]:
    """A bar that the results of a run's `total` cases move; nothing where there is no terminal."""
    if not console.is_terminal:
        yield lambda _result: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda result: bar.update(task, advance=1, description=result.case.slug)


@contextmanager
def activity(console: Console) -> Iterator[Callable[[str], None]]:
    """Shows what is being done: in one changing line on a terminal, or else a line for each."""
    if not console.is_terminal:
        yield lambda words: put(console, words)
        return
    with console.status("") as status:
        yield lambda words: status.update(words)


@contextmanager
def program_progress(console: Console) -> Iterator[Watcher]:
    """Shows how far the judging of a program is."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Progress(console=console, transient=True) as progress:
        yield _Bar(progress)


class _Lines(Watcher):
    """A line for each stage."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def running(self, about: str) -> None:
        put(self._console, f"running on {about}")

    def computing(self, what: str, total: int | None = None) -> None:
        if total is not None:  # or else it takes a moment
            put(self._console, f"computing {what}, once")


class _Bar(Watcher):
    """A bar for the stage that lasts."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._moved = 0.0

    def running(self, about: str) -> None:
        self._begin(f"running on {about}", None)

    def stepped(self, step: int, total: int | None) -> None:
        now = time.monotonic()
        if self._task is not None and now - self._moved > EVERY:
            self._moved = now
            self._progress.update(self._task, completed=step, total=total)

    def computing(self, what: str, total: int | None = None) -> None:
        self._begin(f"computing {what}", total)

    def advanced(self) -> None:
        if self._task is not None:
            self._progress.advance(self._task)

    def _begin(self, what: str, total: int | None) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(what, total=total)
