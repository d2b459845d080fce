"""How near honest ports come to failing: fresh cases of many seeds, asked of all of them.

python -m tests.benchmarks.false_alarms [--seeds 200] [--first 0]

Prints, for every port, its failures (there must be none) and its largest error in budgets.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Queue
from threading import Thread

import click
from msgspec import structs

from conformance.case import Case
from conformance.cases import all_cases, select
from conformance.catalogue import VARIANTS
from conformance.engine import Engine, Result
from conformance.explained import offer_of
from conformance.outcome import Outcome
from golden.budgets import Precision
from ports_adapter.building import build
from ports_adapter.manifest import Port, Timeouts, find_port, our_ports

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
    command = (sys.executable, "-m", "conformance.catalogue.port", name, "--tape")
    return Honest(name, Port(folder=ROOT, name=name, language="Python", run=command, label=name))


def ours() -> list[Honest]:
    """The ports that come with the suite, built."""
    found = [Honest(name, find_port(name)) for name in our_ports()]
    for honest in found:
        build(honest.port)
    return found


@click.command()
@click.option("--seeds", default=200, help="How many.")
@click.option("--first", default=0, help="The first of them.")
def main(seeds: int, first: int) -> None:
    """Ask all honest ports the fresh cases of many seeds."""
    honest_ports = [*ours(), *(variant(name) for name in VARIANTS)]
    ask(honest_ports, range(first, first + seeds))
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


def ask(honest_ports: Sequence[Honest], seeds: Iterable[int]) -> None:
    """Ask every port the fresh cases of every seed, one seed after the other."""
    threads = [Thread(target=honest.run, daemon=True) for honest in honest_ports]
    for thread in threads:
        thread.start()
    precisions: list[Precision] = ["float64", "float32"]
    for seed in seeds:
        for precision in precisions:
            asked = [honest for honest in honest_ports if honest.port.precision == precision]
            for case in fresh_cases(seed, precision):
                for honest in asked:
                    honest.waiting.put((seed, case))
        for honest in honest_ports:
            honest.waiting.join()
        if seed % 10 == 9:
            click.echo(f"seed {seed}", err=True)
    for honest in honest_ports:
        honest.waiting.put(None)
    for thread in threads:
        thread.join()


def fresh_cases(seed: int, precision: Precision) -> Iterator[Case]:
    """A seed's fresh cases, their answers computed once for all ports."""
    for case in select(all_cases(seed, precision), FRESH):
        if case.stream is None:
            answer = case.answer(offer_of(precision))
            case = replace(case, answer=lambda _offer, answer=answer: answer)  # type: ignore[misc]
        yield case


if __name__ == "__main__":
    main()
