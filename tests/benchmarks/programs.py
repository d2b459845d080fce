"""How often a program's mistakes are seen, and how often an honest one is rejected.

python -m tests.benchmarks.programs [--honest 300] [--seeds 20]

Runs `tests/support/programs/microgpt.c`, compiled right and wrong, from many seeds on the
corpora that programs with their own generator are judged by. Prints the table of
docs/explanation/programs.md.
"""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

import click

from conformance.programs.envelope.designs import Design, designed, natural
from conformance.programs.envelope.distance import FALSE_ALARMS, Envelope
from conformance.programs.envelope.reference_losses import curves_of
from conformance.programs.printed_output import LineReader, PrintedLoss, Transcript
from conformance.programs.watcher import Watcher
from reference.profiles import MICROGPT
from tests.support.programs.mistakes import HONEST, MISTAKES, SEED_AT_RUN_TIME, compiled

EVERY = (1, 100)
"""Which losses are looked at: each, and each hundredth."""


class Run(NamedTuple):
    """Of one seed, for each design, the distance in limits at each of `EVERY`; by design's name."""

    distances: dict[str, tuple[float, ...]]

    def rejected(self, every: int) -> bool:
        index = EVERY.index(every)
        return any(not distance[index] <= 1 for distance in self.distances.values())


def designs() -> tuple[Design, ...]:
    return (natural(), *designed(MICROGPT.config.block_size))


def judged(binary: Path, folders: dict[str, Path], seed: int) -> Run:
    """One seed of a program on all designs."""
    distances = {}
    for design in designs():
        run = subprocess.run(
            [str(binary)],
            cwd=folders[design.name],
            env=os.environ | {"SEED": str(seed)},
            capture_output=True,
            check=True,
        )
        transcript = Transcript()
        reader = LineReader(transcript)
        reader.feed(run.stdout)
        reader.end()
        limit = design.steps_of(MICROGPT.config.num_steps)
        losses = {s - 1: loss for s, loss in transcript.losses.items() if s <= limit}
        distances[design.name] = tuple(_distance(design, losses, every) for every in EVERY)
    return Run(distances)


def _distance(design: Design, losses: dict[int, PrintedLoss], every: int) -> float:
    shown = {step: loss for step, loss in losses.items() if (step + 1) % every == 0}
    if any(not 0 <= loss.value < float("inf") for loss in shown.values()):
        return float("inf")
    return envelope(design, tuple(shown)).fit(shown).distance


@cache
def envelope(design: Design, steps: tuple[int, ...]) -> Envelope:
    """A design's, for these steps printed in four decimals."""
    known = curves_of(design, MICROGPT.config, Watcher())
    alarm = FALSE_ALARMS / len(designs())
    return Envelope.of(known, steps, 1e-4, MICROGPT.config.num_steps, alarm)


def median(distances: Sequence[float]) -> str:
    return f"{sorted(distances)[len(distances) // 2]:.2g}"


@click.command()
@click.option("--honest", default=300, help="Seeds of each honest program.")
@click.option("--seeds", default=20, help="Seeds of each mistake.")
@click.option("--first", default=1, help="The first of them.")
@click.option("--only", default="", help="Only what has this in its name.")
def main(honest: int, seeds: int, first: int, only: str) -> None:
    """Print the table of docs/explanation/programs.md."""
    names = [design.name for design in designs()]
    click.echo(f"| program | rejected | each 100th | {' | '.join(names)} |")
    click.echo("| --- " * (3 + len(names)) + "|")
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(2) as pool:
        folders = {design.name: Path(place) / design.name for design in designs()}
        for design in designs():
            folders[design.name].mkdir()
            (folders[design.name] / "input.txt").write_bytes(design.content)
        for kind, count in ((HONEST, honest), (MISTAKES, seeds)):
            for name, switches in kind.items():
                if only not in name or not count:
                    continue
                binary = compiled(Path(place) / "program", *switches, SEED_AT_RUN_TIME)
                each = range(first, first + count)
                runs = list(pool.map(lambda seed, b=binary: judged(b, folders, seed), each))
                rejected = (sum(run.rejected(every) for run in runs) for every in EVERY)
                shares = " | ".join(f"{number}/{count}" for number in rejected)
                middles = " | ".join(median([run.distances[n][0] for run in runs]) for n in names)
                click.echo(f"| {name} | {shares} | {middles} |")
                if kind is HONEST:
                    largest = max(max(d[0] for d in run.distances.values()) for run in runs)
                    click.echo(f"{name}: the largest distance is {largest:.2g}", err=True)


if __name__ == "__main__":
    main()
