"""Whether time and memory stay flat over very many cases of one run.

python -m tests.benchmarks.endurance [PORT] [--cases N]

The cases are all that there are, of one seed after the other. Every thousand of them there is a
line: seconds, memory of the suite and of the port in MiB. What a line tells is for itself to
compare with the lines after it: times travel badly.
"""

import sys
import time
from collections.abc import Iterator
from itertools import count, islice

import click
import psutil

from conformance.asking.case_result import Result
from conformance.asking.engine import Engine
from conformance.cases import all_cases
from conformance.cases.case import Case
from conformance.judging.outcome import Outcome
from ports_adapter.building import build
from ports_adapter.manifest import Port, find_port

EVERY = 1000
MEBIBYTE = 1 << 20


def cases_without_end(port: Port) -> Iterator[Case]:
    for seed in count():
        yield from all_cases(seed, port.precision)


def memory(process: psutil.Process) -> int:
    """What a process and all its descendants hold, in MiB."""
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_info().rss for member in family) // MEBIBYTE


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", default="python", metavar="[PORT]")
@click.option("--cases", "number", type=click.IntRange(min=1), default=10_000, show_default=True)
def main(name: str, number: int) -> None:
    """Ask PORT very many cases in one run, and say how that went."""
    port = find_port(name)
    build(port)
    ourselves = psutil.Process()
    failed = 0
    began = time.monotonic()
    click.echo("cases  seconds  suite, MiB  all, MiB")

    def take(result: Result) -> None:
        nonlocal failed
        failed += result.outcome is not Outcome.PASS

    engine = Engine(port, take)
    try:
        for asked, case in enumerate(islice(cases_without_end(port), number), 1):
            engine.ask(case)
            if asked % EVERY == 0:
                alone = ourselves.memory_info().rss // MEBIBYTE
                took = time.monotonic() - began
                click.echo(f"{asked:5}  {took:7.1f}  {alone:10}  {memory(ourselves):8}")
                began = time.monotonic()
    finally:
        engine.close()
    click.echo(f"{number} cases, {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
