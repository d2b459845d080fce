"""Running processes side by side, each with a time limit; none outlives the scoreboard."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Self

from .interruption import Stop

GRACE = 15.0
"""Seconds for a process to end itself and its children, before it is killed."""

LOOK = 0.02


class How(Enum):
    """Why a process ended."""

    BY_ITSELF = auto()
    TIMEOUT = auto()
    INTERRUPTED = auto()
    NOT_BEGUN = auto()


@dataclass(frozen=True, slots=True)
class Job:
    """A command to run. Jobs with the same `place` never run at once; `folder` takes its output."""

    name: str
    command: tuple[str, ...]
    place: str
    folder: Path

    @property
    def output(self) -> Path:
        """The file of its standard output."""
        return self.folder / "output"

    @property
    def log(self) -> Path:
        """The file of its standard error."""
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
    """The process of a job, in a process group of its own."""

    job: Job
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)
    how: How = How.BY_ITSELF
    patience_ends: float = 0.0

    @classmethod
    def start(cls, job: Job) -> Self:
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
        """Ask it to end, so it can end its port and keep finished results."""
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
    """Run jobs, and yield each as it ends.

    Closing the generator kills whatever still runs.

    Args:
        jobs: the jobs, started in this order as their places become free.
        stop: when it asks to, running jobs are ended, and no other is started.
        at_once: how many run at a time, 1 or more.
        seconds: the most seconds for each job.
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
    """The first job that may start now."""
    if len(running) >= at_once:
        return None
    taken = {worker.job.place for worker in running}
    return next((job for job in waiting if job.place not in taken), None)


def _looked_at(worker: _Worker, stop: Stop, seconds: float) -> Ended | None:
    """How a worker ended, or None; ends it if its time is up."""
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
