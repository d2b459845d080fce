"""Every known mistake that training can show, as a trace.

Run as `python -m tests.benchmarks.traced_mistakes`.

The mistaken program trains on the embedded corpus and records what a recorder records: tokens,
loss, gradients, moments and weights of each of the first steps. It prints a line for each mistake
and the sums, beside those of the protocol in the score.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import click

from conformance.anatomy.levels import Level
from conformance.cases.request import Unusable
from conformance.judging.outcome import ExitCode
from conformance.mistakes import MISTAKES, applied
from conformance.runs.tracing import debugged_trace
from conformance.surveys.score.kill_matrix import RIGHTLY, load
from conformance.surveys.score.scoring import naming_of
from reference.corpus import embedded_corpus
from reference.profiles import MICROGPT
from reference.program import Run
from reference.trace_writing import TraceWriter

STEPS = 3
"""Steps 0 to 2: the first update, and the ones that show bias correction and schedule."""

LEVELS = (Level.LAYERS, Level.FORWARD, Level.BACKWARD, Level.ADAM)
RECORDED = ("trace", "n_head", "num_steps", "weights", "step", "tokens", "loss", "grads", "m", "v")


class Traced(NamedTuple):
    """What a trace shows of a mistake: the first wrong case, and the names that it was given."""

    slug: str
    exit_code: int
    case: str
    naming: str
    seconds: float
    names: list[list[str]]


def write_trace(path: Path, slug: str) -> None:
    """Train with a mistake, and record what a recorder records."""
    with applied(MISTAKES[slug].patch()), path.open("w") as file:

        def write(line: str) -> None:
            record = {k: x for k, x in json.loads(line).items() if k in RECORDED}
            file.write(json.dumps(record) + "\n")

        run = Run.prepare(MICROGPT.config, 42, embedded_corpus())
        losses = TraceWriter(run, write, range(STEPS)).losses()
        for _ in range(STEPS):
            next(losses)


def traced(slug: str) -> Traced:
    """A mistake, judged and explained by a trace."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.jsonl"
        try:
            write_trace(path, slug)
            began = time.process_time()
            found = debugged_trace(path, (), lambda _words: None)
        except (Unusable, ArithmeticError, LookupError, ValueError) as error:
            return Traced(slug, ExitCode.USAGE, f"{type(error).__name__}: {error}", "", 0.0, [])
    names = [name.slugs for name in found.names]
    case = found.divergence.case if found.divergence else ""
    code = found.report.exit_code
    spent = time.process_time() - began
    return Traced(slug, code, case, naming_of(slug, names), spent, names)


@click.command()
@click.argument("slugs", nargs=-1)
def main(slugs: Iterable[str]) -> None:
    """Judge the mistakes SLUGS, or all that training can show, by their traces."""
    chosen = tuple(slugs) or [m.slug for m in MISTAKES.values() if m.level in LEVELS]
    protocol = {s.slug: s for s in load().mistakes if s.precision == "float64"}
    counts = {"caught": 0, "named": 0, "named by the protocol": 0}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(traced, chosen):
            caught = found.exit_code == ExitCode.FAIL
            by_protocol = found.slug in protocol and protocol[found.slug].naming in RIGHTLY
            counts["caught"] += caught
            counts["named"] += found.naming in RIGHTLY
            counts["named by the protocol"] += caught and by_protocol
            names = " ".join("+".join(each) for each in found.names[:4])
            click.echo(
                f"{found.slug:48} {found.exit_code} {found.case:24} {found.naming:13} "
                f"{found.seconds:5.1f} s  {names}"
            )
    click.echo(f"{len(chosen)} mistakes: {counts}")


if __name__ == "__main__":
    main()
