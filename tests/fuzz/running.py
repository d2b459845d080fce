"""Running a target: many inputs from one seed, in workers that are watched.

Input `number` of a target depends on the seed, the target's name and that number alone, so any
of them can be made again.
"""

import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any, Self

from .feeding import Fault, fed, limit_memory, quiet
from .minimising import minimised
from .mutation import Mutator
from .target import Ending, Target

WORKERS = 2
PATIENCE = 3.0
"""How many times its seconds an input may take, where the alarm is not heard."""

KINDS_KEPT = 20
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that a target fails on, made as small as it went, and the fault."""

    content: bytes
    fault: Fault
    count: int = 1


@dataclass
class Ran:
    """What came of a target's inputs."""

    target: str
    engine: str
    endings: Counter[Ending] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        return self.endings.total() + sum(found.count for found in self.findings.values())

    def count(self, content: bytes, ending: Ending | Fault) -> None:
        """Count how an input ended; of each kind of fault the first input is kept."""
        if isinstance(ending, Ending):
            self.endings[ending] += 1
        elif known := self.findings.get(ending.kind):
            self.findings[ending.kind] = replace(known, count=known.count + 1)
        elif len(self.findings) < KINDS_KEPT:
            self.findings[ending.kind] = Finding(content, ending)

    def add(self, other: Self) -> None:
        """Put another part of the same run to this one."""
        self.endings += other.endings
        for kind, found in other.findings.items():
            known = self.findings.get(kind)
            kept = replace(known, count=known.count + found.count) if known else found
            self.findings[kind] = kept


@cache
def mutator_of(target: Target) -> Mutator:
    return Mutator(target.seeds(), target.choices)


def made(target: Target, seed: int, number: int) -> bytes:
    """An input; the first are the seeds themselves."""
    mutator = mutator_of(target)
    if number < len(mutator.seeds):
        return mutator.seeds[number].content
    return mutator.input(random.Random(f"{seed}:{target.name}:{number}"))


def run(target: Target, inputs: int, seed: int, workers: int = WORKERS) -> Ran:
    """Feed a target so many inputs, and make those that it fails on small."""
    mutator_of(target)  # and all else that is made once, before the workers are
    for content in target.seeds():
        fed(target, content)
    ran = Ran(target.name, "mutation")
    parts = [range(first, inputs, workers) for first in range(workers)]
    watched = [_Watched(target, seed, numbers) for numbers in parts]
    try:
        for one in watched:
            one.start()
        while busy := [one for one in watched if not one.is_done]:
            wait([one.pipe for one in busy], timeout=0.2)
            for one in busy:
                one.look(ran)
    finally:
        for one in watched:
            one.stop()
    return in_small(target, ran)


def in_small(target: Target, ran: Ran) -> Ran:
    for kind, found in ran.findings.items():
        ran.findings[kind] = replace(found, content=_smaller(target, found))
    return ran


def _smaller(target: Target, found: Finding) -> bytes:
    if found.fault.kind in (HUNG, DIED) or found.fault.kind == "TooSlow":
        return found.content  # each try would take as long, or us with it

    def fails(content: bytes) -> bool:
        ending = fed(target, content)
        return isinstance(ending, Fault) and ending.kind == found.fault.kind

    return minimised(found.content, fails)


HUNG, DIED = "hung", "died"


class _Watched:
    """A worker on its share of the inputs, started anew after an input that it does not survive."""

    def __init__(self, target: Target, seed: int, numbers: range) -> None:
        self.target, self.seed, self.numbers = target, seed, numbers
        self.is_done = not numbers
        self.at = FORK.Value("q", -1, lock=False)
        self.seen, self.since = -1, time.monotonic()

    def start(self) -> None:
        self.pipe, there = FORK.Pipe(duplex=False)
        work = (there, self.target, self.seed, self.numbers, self.at)
        self.process: ForkProcess = FORK.Process(target=_work, args=work, daemon=True)
        self.process.start()
        there.close()
        self.seen, self.since = -1, time.monotonic()

    def look(self, ran: Ran) -> None:
        """Take what it has done, and see that it goes on."""
        while self.pipe.poll():
            try:
                part, left = self.pipe.recv()
            except EOFError:
                self._lost(ran, DIED)
                return
            ran.add(part)
            self.numbers = left
            if not left:
                self.is_done = True
                return
        now, at = time.monotonic(), self.at.value
        if at != self.seen:
            self.seen, self.since = at, now
        elif now - self.since > PATIENCE * self.target.seconds + 1:
            self._lost(ran, HUNG)

    def _lost(self, ran: Ran, how: str) -> None:
        """Keep the input that it was at, and go on after that."""
        self.stop()
        number = max(self.at.value, self.numbers.start)
        content = made(self.target, self.seed, number)
        code = self.process.exitcode
        limit = PATIENCE * self.target.seconds
        told = (
            f"no alarm ends it in {limit:g} s" if how == HUNG else f"the worker ended with {code}"
        )
        ran.count(content, Fault(how, told))
        # What it had done since it last told is lost with it, and is not counted.
        self.numbers = range(number + self.numbers.step, self.numbers.stop, self.numbers.step)
        self.is_done = not self.numbers
        if not self.is_done:
            self.start()

    def stop(self) -> None:
        if hasattr(self, "process"):
            self.process.kill()
            self.process.join()
            self.pipe.close()


REPORT_EVERY = 0.5


def _work(pipe: Connection, target: Target, seed: int, numbers: range, at: Any) -> None:
    """Feed the inputs, and tell now and then what came of them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    quiet()
    limit_memory()
    part, told = Ran(target.name, "mutation"), time.monotonic()
    for index, number in enumerate(numbers):
        at.value = number
        content = made(target, seed, number)
        part.count(content, fed(target, content))
        if time.monotonic() - told > REPORT_EVERY:
            pipe.send((part, numbers[index + 1 :]))
            part, told = Ran(target.name, "mutation"), time.monotonic()
    pipe.send((part, range(0)))


def shares(targets: Sequence[Target], inputs: int) -> Iterator[tuple[Target, int]]:
    total = sum(target.share for target in targets)
    for target in targets:
        yield target, -(-inputs * target.share // total)
