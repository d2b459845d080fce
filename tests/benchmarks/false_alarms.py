"""How near honest ports come to failing: fresh cases of many seeds, asked of all of them.

python -m tests.benchmarks.false_alarms [--seeds 200] [--first 0]

Prints, for every port, its failures (there must be none) and its largest error in budgets.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Queue
from threading import Thread

import click
from msgspec import structs

from conformance.case import Case
from conformance.cases import all_cases, select
from conformance.engine import Engine, Result
from conformance.explained import offer_of
from conformance.outcome import Outcome
from golden.budgets import Precision
from ports_adapter.manifest import OURS, Port, Timeouts, find_port
from tests.ports.taped import SCALAR_ONLY
from tests.ports.variants import VARIANTS

ROOT = Path(__file__).parent.parent.parent
FRESH = ("*/fresh*", "layers/*fresh*")
PATIENT = Timeouts(start=600, message=600)
"""All ports start at once, and this asks how they compute, not how fast."""


@dataclass
class Honest:
    """An honest port, kept running and asked seed after seed, and the worst that was seen of it."""

    name: str
    port: Port
    failures: list[str] = field(default_factory=list)
    worst: float = 0.0
    worst_at: str = ""
    asked: int = 0
    waiting: Queue[tuple[int, Case] | None] = field(default_factory=Queue)
    seed: int = 0

    def run(self) -> None:
        """Ask the port whatever comes, until nothing more does."""
        engine = Engine(structs.replace(self.port, timeouts=PATIENT))

        def keep(result: Result) -> None:
            self.see(result)
            engine.results.clear()
            self.waiting.task_done()

        engine.on_result = keep
        engine.run(self.cases(), shut_down=False)  # type: ignore[arg-type]
        self.waiting.task_done()

    def cases(self) -> Iterator[Case]:
        """The cases that are put into the queue."""
        while (item := self.waiting.get()) is not None:
            self.seed, case = item
            yield case

    def see(self, result: Result) -> None:
        """Keep what a result says."""
        self.asked += result.outcome is not Outcome.NOT_OFFERED
        if result.outcome.is_failure:
            self.failures.append(
                f"{self.name}, seed {self.seed}: {result.case.slug}: {result.detail}"
            )
        if result.comparison is not None and result.comparison.worst > self.worst:
            self.worst = result.comparison.worst
            self.worst_at = f"{result.case.slug}#{result.comparison.worst_at} of seed {self.seed}"


def variant(name: str) -> Honest:
    """The canonical program with one of its honest variants, as a port."""
    how = () if name in SCALAR_ONLY else ("--tape",)
    command = (sys.executable, "-m", "tests.ports.oracle_port", name, *how)
    return Honest(name, Port(folder=ROOT, name=name, language="Python", run=command, label=name))


@contextmanager
def in_single_precision() -> Iterator[Honest]:
    """The NumPy port in float32."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "float32"
        shutil.copytree(OURS / "python", copy, ignore=shutil.ignore_patterns("__pycache__"))
        for path in [*copy.glob("*/*.py"), copy / "port.toml"]:
            path.write_text(path.read_text().replace("float64", "float32"))
        yield Honest("NumPy, float32", find_port(str(copy)))


@click.command()
@click.option("--seeds", default=200, help="How many.")
@click.option("--first", default=0, help="The first of them.")
def main(seeds: int, first: int) -> None:
    """Ask all honest ports the fresh cases of many seeds."""
    with in_single_precision() as single:
        doubles = [
            Honest("NumPy", find_port("python")),
            Honest("JavaScript", find_port("js")),
            *(variant(name) for name in VARIANTS),
        ]
        honest_ports = [*doubles, single]
        threads = [Thread(target=honest.run, daemon=True) for honest in honest_ports]
        for thread in threads:
            thread.start()
        for seed in range(first, first + seeds):
            for precision, ports in (("float64", doubles), ("float32", [single])):
                for case in fresh_cases(seed, precision):  # type: ignore[arg-type]
                    for honest in ports:
                        honest.waiting.put((seed, case))
            for honest in honest_ports:
                honest.waiting.join()
            if seed % 10 == 9:
                click.echo(f"seed {seed}", err=True)
        for honest in honest_ports:
            honest.waiting.put(None)
        for thread in threads:
            thread.join()
    click.echo(f"{'port':50}{'answers':>9}{'failures':>10}  largest error")
    for honest in honest_ports:
        click.echo(
            f"{honest.name:50}{honest.asked:9}{len(honest.failures):10}  "
            f"{honest.worst:.2g} of budget at {honest.worst_at}"
        )
    failures = [failure for honest in honest_ports for failure in honest.failures]
    for failure in failures:
        click.echo(failure)
    sys.exit(1 if failures else 0)


def fresh_cases(seed: int, precision: Precision) -> Iterator[Case]:
    """A seed's fresh cases, their answers computed once for all ports."""
    for case in select(all_cases(seed, precision), FRESH):
        if case.stream is None:
            answer = case.answer(offer_of(precision))
            case = replace(case, answer=lambda _offer, answer=answer: answer)  # type: ignore[misc]
        yield case


if __name__ == "__main__":
    main()
