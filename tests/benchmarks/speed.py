"""How fast all this is, as ratios of times measured side by side on the same machine.

python -m tests.benchmarks.speed [--json]

What is compared is run in turn, A B A B, and the least time of each counts. Times are the
processor's: all of this runs in one thread, and waiting for others must not count. Even so, a
busy machine slows what uses much memory more than what does not; we warn of that.
"""

import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Self

import click
import msgspec
from msgspec import Struct

from reference.config import Config
from reference.corpus import embedded_corpus, read_corpus
from reference.data import names_path
from reference.model import initial_weights
from reference.profiles import MICROGPT
from reference.program import Run
from reference.state import State
from reference.tape.machine import FlatState, Machine
from reference.training import train

from . import plain_loop, stream

DOCUMENTS = 20
TAPE_STEPS = 200
QUIET = 0.5
"""The load average below which nothing else is taken to run."""

SHORT, LONGER = 20, 80
LARGE = Config(n_embd=128, n_head=4, n_layer=4, block_size=64)
LARGE_STEPS = 4


class Line(Struct):
    """A line of the table: what was measured, what it came to, and the target."""

    what: str
    measured: float
    unit: str
    target: float
    at_most: bool
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the measured number is on the right side of the target."""
        good, bound = (self.target, self.measured) if self.at_most else (self.measured, self.target)
        return good >= bound


@dataclass(frozen=True)
class Training:
    """A model and documents to train it on, as each of the contenders has them."""

    config: Config
    vocab_size: int
    state: State
    documents: Sequence[Sequence[int]]

    @classmethod
    def published(cls, documents: int) -> Self:
        """The published program on names.txt, or on the embedded corpus."""
        path = names_path()
        corpus = embedded_corpus() if path is None else read_corpus(path)
        run = Run.prepare(MICROGPT.config, MICROGPT.seed, corpus)
        return cls(run.config, run.tokenizer.vocab_size, run.state, run.tokens()[:documents])

    @classmethod
    def large(cls) -> Self:
        """A model of almost a million parameters on documents as long as its block."""
        generator, vocab_size = random.Random(1), 27
        weights = initial_weights(LARGE, vocab_size, generator)
        bos = vocab_size - 1
        letters = generator.choices(range(bos), k=LARGE.block_size - 1)
        return cls(LARGE, vocab_size, State.initial(weights), [[bos, *letters, bos]])

    @cached_property
    def machine(self) -> Machine:
        """With all tapes loaded that the documents need, and warm."""
        machine = Machine(self.config, self.vocab_size)
        for document in self.documents:
            machine.step(self.start, document)
        return machine

    @cached_property
    def start(self) -> FlatState:
        """What training starts from, in flat arrays."""
        return FlatState.of(self.state)

    def scalar_seconds(self, steps: int) -> float:
        return seconds_per_step(train(self.state, self.documents, self.config), steps)

    def tape_seconds(self, steps: int) -> float:
        return seconds_per_step(self.machine.train(self.start, self.documents), steps)

    def plain(self, steps: int) -> plain_loop.PlainRun:
        weights = plain_loop.flattened(self.state.weights)
        return plain_loop.run(self.config, self.vocab_size, weights, self.documents, steps)

    def plain_seconds(self, steps: int) -> float:
        return self.plain(steps).seconds_per_step


def seconds_per_step(training: Iterator[object], steps: int) -> float:
    started = time.process_time()
    for _ in islice(training, steps):
        pass
    return (time.process_time() - started) / steps


def least(rounds: int, *tasks: Callable[[], float]) -> list[float]:
    """The least seconds of each task; the tasks take turns."""
    return [
        min(times) for times in zip(*([t() for t in tasks] for _ in range(rounds)), strict=True)
    ]


def steady_state(rounds: int) -> Iterator[Line]:
    """A step of the scalar program beside one of the tape, on the same documents."""
    training = Training.published(DOCUMENTS)
    _ = training.machine
    scalar, tape = least(
        rounds,
        partial(training.scalar_seconds, DOCUMENTS),
        partial(training.tape_seconds, TAPE_STEPS),
    )
    note = f"{1e3 * scalar:.3g} ms / {1e3 * tape:.3g} ms"
    yield Line("a training step: scalar / tape", scalar / tape, "x", 500, at_most=False, note=note)


def whole_process(rounds: int, *, in_full: bool) -> Iterator[Line]:
    """The published run from the command line: a thousand steps and twenty samples."""
    scalar_steps = [MICROGPT.config.num_steps] if in_full else [SHORT, LONGER]
    with tempfile.TemporaryDirectory() as caches:
        process_seconds("--tape", caches=Path(caches))
        warm, cold, *scalar = least(
            rounds,
            partial(process_seconds, "--tape", caches=Path(caches)),
            cold_process_seconds,
            *(partial(process_seconds, "--steps", str(steps)) for steps in scalar_steps),
        )
    total = scalar[0] if in_full else extrapolated(*scalar)
    how = "" if in_full else f", extrapolated from {SHORT} and {LONGER} steps"
    what = "python -m reference: scalar / tape"
    for name, seconds, target in (("warm", warm, 100), ("no cache", cold, 10)):
        note = f"{total:.3g} s{how} / {seconds:.2g} s"
        yield Line(f"{what}, {name}", total / seconds, "x", target, at_most=False, note=note)


def process_seconds(*arguments: str, caches: Path | None = None) -> float:
    """A process of the reference's command line, with caches of its own if they are given."""
    environment = dict(os.environ)
    if caches is not None:
        environment |= {"MICROGPT_CACHE": str(caches)}
    command = [sys.executable, "-m", "reference", *arguments]
    started = _seconds_of_children()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return _seconds_of_children() - started


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cold_process_seconds() -> float:
    with tempfile.TemporaryDirectory() as folder:
        return process_seconds("--tape", caches=Path(folder))


def extrapolated(short: float, longer: float) -> float:
    """The whole scalar process, from two short ones: steps count by the positions trained on."""
    documents = Training.published(MICROGPT.config.num_steps).documents
    block_size = MICROGPT.config.block_size
    positions = [
        min(block_size, len(documents[step % len(documents)]) - 1)
        for step in range(MICROGPT.config.num_steps)
    ]
    per_position = (longer - short) / sum(positions[SHORT:LONGER])
    return short + per_position * sum(positions[SHORT:])


def plain_loops(rounds: int) -> Iterator[Line]:
    """The tape beside loops in C, and what each multiply-add takes it."""
    if shutil.which(plain_loop.COMPILER) is None:
        return
    nanoseconds = []
    for name, training, steps in (
        ("published size", Training.published(DOCUMENTS), TAPE_STEPS),
        ("128 x 4 layers x 64 positions", Training.large(), LARGE_STEPS),
    ):
        _ = training.machine
        tape, plain = least(
            rounds,
            partial(training.tape_seconds, steps),
            partial(training.plain_seconds, steps),
        )
        nanoseconds.append(1e9 * tape / training.plain(steps).multiply_adds_per_step)
        yield Line(f"a training step: tape / plain C, {name}", tape / plain, "x", 2, at_most=True)
    published, large = nanoseconds
    note = f"{large:.2f} ns / {published:.2f} ns"
    what = "a multiply-add of the tape: large model / published size"
    yield Line(what, large / published, "x", 1, at_most=True, note=note)


def streams(rounds: int, megabytes: int) -> Iterator[Line]:
    """A training recorded in full, judged as it streams in."""
    found = stream.measure(megabytes, rounds)
    note = f"{found.megabytes:.0f} MB, {found.steps} steps"
    what = "judging a stream beside decoding it alone"
    yield Line(f"{what}: speed", found.ratio, "x", 0.5, at_most=False, note=note)
    yield Line(f"{what}: peak memory", found.judged.mebibytes, "MiB", 300, at_most=True)


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Repetitions; the best counts.")
@click.option("--megabytes", default=350, show_default=True, help="Size of the judged stream.")
@click.option("--in-full", is_flag=True, help="Run all steps of the scalar process, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(rounds: int, megabytes: int, in_full: bool, as_json: bool) -> None:
    """Measure how fast the tape and the judge are, as ratios."""
    if os.getloadavg()[0] > QUIET:
        click.echo("The machine is busy: the ratios below are not to be relied on.", err=True)
    lines = []
    for line in _measured(rounds, megabytes, in_full=in_full):
        lines.append(line)
        if not as_json:
            click.echo(_row(line))
    if as_json:
        click.echo(msgspec.json.encode([_record(line) for line in lines]))


def _measured(rounds: int, megabytes: int, *, in_full: bool) -> Iterator[Line]:
    yield from steady_state(rounds)
    yield from whole_process(min(rounds, 3), in_full=in_full)
    yield from plain_loops(rounds)
    yield from streams(min(rounds, 3), megabytes)


def _row(line: Line) -> str:
    bound = f"{'<=' if line.at_most else '>='} {line.target:g}"
    measured = f"{line.measured:.3g} {line.unit}"
    verdict = "reached" if line.reached else "MISSED"
    return f"{line.what:<63} {measured:>8}  {bound:>6}  {verdict}  {line.note}".rstrip()


def _record(line: Line) -> dict[str, object]:
    return {**msgspec.structs.asdict(line), "reached": line.reached}


if __name__ == "__main__":
    main()
