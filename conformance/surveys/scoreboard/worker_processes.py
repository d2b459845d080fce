"""Processes side by side, each with a time limit, and nothing left of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from .interruption import Stop

GRACE = 15.0
"""Seconds that a process has to end well, its own children first, before it is killed."""

LOOK = 0.02


class How(Enum):
    """Why a process ended: by itself, or because its time was up, or everything's was."""

    BY_ITSELF = auto()
    TIMEOUT = auto()
    INTERRUPTED = auto()
    NOT_BEGUN = auto()


@dataclass(frozen=True, slots=True)
class Job:
    """A command to run. No two run in the same `place` at once; `folder` is for its output."""

    name: str
    command: tuple[str, ...]
    place: str
    folder: Path

    @property
    def output(self) -> Path:
        """Where its standard output goes."""
        return self.folder / "output"

    @property
    def log(self) -> Path:
        """Where its standard error goes."""
        return self.folder / "log"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended: its exit code, negative for a signal, and how many seconds it took."""

    job: Job
    how: How
    code: int | None = None
    seconds: float = 0.0


@dataclass
class _Worker:
    """A job's process, in a group of its own; what it runs of others ends with it, contained."""

    job: Job
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)
    how: How = How.BY_ITSELF
    patience_ends: float = 0.0

    @classmethod
    def start(cls, job: Job) -> _Worker:
        job.folder.mkdir(parents=True)
        with job.output.open("wb") as output, job.log.open("wb") as log:
            process = subprocess.Popen(
                job.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                start_new_session=True,
            )
        return cls(job, process)

    def end(self, how: How) -> None:
        """Ask it to end, which lets it end its port and keep what is finished."""
        if self.how is How.BY_ITSELF:
            self.how = how
            self.patience_ends = time.monotonic() + GRACE
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def ended(self) -> Ended | None:
        """How it ended; None if it still runs."""
        if self.process.poll() is None:
            return None
        return Ended(self.job, self.how, self.process.returncode, time.monotonic() - self.began)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def run_all(
    jobs: Sequence[Job], stop: Stop, *, at_once: int, seconds: float
) -> Generator[Ended, None, None]:
    """Run jobs, `at_once` of them at a time, and yield each as it ends.

    When this generator is closed, whatever happened to its caller, nothing is left running.

    Args:
        jobs: what to run; each is begun in this order, as soon as its place is free.
        stop: once it asks for that, what runs is ended, and the rest is not begun.
        at_once: how many run at a time, 1 or more.
        seconds: how long each may take.
    """
    waiting, running = list(jobs), list[_Worker]()
    try:
        while running or (waiting and not stop.asked):
            while not stop.asked and (job := _next(waiting, running, at_once)):
                waiting.remove(job)
                running.append(_Worker.start(job))
            for worker in list(running):
                if ended := _looked_at(worker, stop, seconds):
                    running.remove(worker)
                    yield ended
            time.sleep(LOOK)
        for job in waiting:
            yield Ended(job, How.NOT_BEGUN)
    finally:
        for worker in running:
            worker.kill()
            worker.process.wait()


def _next(waiting: Sequence[Job], running: Sequence[_Worker], at_once: int) -> Job | None:
    """The first job that may begin now."""
    if len(running) >= at_once:
        return None
    taken = {worker.job.place for worker in running}
    return next((job for job in waiting if job.place not in taken), None)


def _looked_at(worker: _Worker, stop: Stop, seconds: float) -> Ended | None:
    """How a worker ended, if it has; it is ended if it must be."""
    if ended := worker.ended():
        return ended
    now = time.monotonic()
    if stop.asked:
        worker.end(How.INTERRUPTED)
    elif now - worker.began > seconds:
        worker.end(How.TIMEOUT)
    if worker.patience_ends and (stop.urged or now > worker.patience_ends):
        worker.kill()
    return None
