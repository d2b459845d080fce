"""How fast a fully recorded training is judged, beside decoding it alone; and in how much memory.

python -m tests.benchmarks.stream [--megabytes 350]

A port that replays a file sends the stream, so pipes and line splitting count. The oracle costs
nothing: it gives numbers made beforehand, some a last bit beside the recorded ones.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Literal, Self

import click
import msgspec
import numpy as np
from msgspec import Struct, structs

from conformance.anatomy.step_array import Order, StepLayout
from conformance.asking.engine import Engine
from conformance.cases.case import Case
from conformance.cases.training_run import train_question
from conformance.judging.outcome import Outcome
from conformance.judging.recorded_training import Expected, TrajectoryJudge, model_order
from conformance.oracle import reference_answer
from conformance.oracle.training_step import Evaluated, Updated
from golden.budgets import tensor_budget
from golden.goldens import load_trace
from golden.numbers import Array
from ports_adapter.manifest import Port
from ports_adapter.messages import PROTOCOL_VERSION, InitializeResult, StepParams, TrainParams
from reference.model import initial_weights
from reference.profiles import MICROGPT
from reference.state import State

SEED_STEPS = 8
TOKENS = 8
REQUEST = 2


class Notification(Struct):
    """A line of the stream, decoded as the runner has it."""

    jsonrpc: Literal["2.0"]
    method: Literal["step"]
    params: StepParams


class Judged(Struct):
    """What the judged pass took."""

    seconds: float
    mebibytes: float
    identical: float
    ulps: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The least seconds of decoding alone and of judging, and the most memory."""

    steps: int
    megabytes: float
    bare: float
    judged: Judged

    @property
    def ratio(self) -> float:
        """The speed of judging, beside that of decoding alone."""
        return self.bare / self.judged.seconds


def seed_run() -> tuple[TrainParams, list[StepParams]]:
    """A short real training of steps of `TOKENS` positions, recorded in full."""
    generator = random.Random(1)
    vocab_size = len(load_trace().characters) + 1
    documents = [
        [vocab_size - 1, *generator.choices(range(vocab_size - 1), k=TOKENS - 1), vocab_size - 1]
        for _ in range(SEED_STEPS)
    ]
    state = State.initial(initial_weights(MICROGPT.config, vocab_size, generator))
    question = train_question(load_trace(), state, documents, SEED_STEPS)
    steps: list[StepParams] = []
    reference_answer.answer(
        "train", structs.replace(question, record="full"), steps.append, REQUEST
    )
    return question, steps


def write_stream(path: Path, steps: list[StepParams], size: int) -> int:
    """Write the steps over and over, at least `size` bytes, then the answer; gives their number."""
    count, written = 0, 0
    with path.open("wb") as file:
        for step in cycle(steps):
            params = structs.replace(step, step=count)
            line = {"jsonrpc": "2.0", "method": "step", "params": params}
            written += file.write(msgspec.json.encode(line) + b"\n")
            count += 1
            if written >= size:
                break
        result = {"m": step.m, "v": step.v, "weights": step.weights}
        answer = {"jsonrpc": "2.0", "id": REQUEST, "result": result}
        file.write(msgspec.json.encode(answer) + b"\n")
    return count


def decode_seconds(path: Path, count: int) -> float:
    decoder = msgspec.json.Decoder(Notification)
    seconds = 0.0
    with path.open("rb") as file:
        for line in islice(file, count):
            started = time.perf_counter()
            decoder.decode(line)
            seconds += time.perf_counter() - started
    return seconds


@dataclass
class ReplayedOracle:
    """Gives what was made beforehand, in turn."""

    evaluated: Iterator[Evaluated]
    updated: Iterator[Updated]

    @classmethod
    def of(cls, order: Order, vocab_size: int, steps: list[StepParams]) -> Self:
        layout = StepLayout(order, vocab_size, TOKENS)
        generator = np.random.default_rng(1)
        evaluated: list[Evaluated] = []
        updated: list[Updated] = []
        for index, step in enumerate(steps):
            packed = layout.pack(step)
            assert packed is not None
            # The first one does not follow from the last, before which it now comes.
            share = 0.4 if index else 0.0
            beside = packed * np.where(generator.random(packed.size) < share, 1 + 2.0**-52, 1)
            logits = beside[: TOKENS * vocab_size].reshape(TOKENS, vocab_size)
            losses = beside[TOKENS * vocab_size :][:TOKENS]
            m, v, weights = layout.state(beside)
            evaluated.append((logits, losses, float(step.loss), layout.grads(beside)))
            updated.append((float(step.learning_rate or 0), m, v, weights))
        return cls(cycle(evaluated), cycle(updated))

    def evaluate(self, *_inputs: object) -> Evaluated:
        return next(self.evaluated)

    def adam(self, *_inputs: object) -> Updated:
        return next(self.updated)

    def budgets(self, *_inputs: object) -> dict[str, Array]:
        raise ArithmeticError("none are made beforehand")


def judge_stream(path: Path, count: int) -> Judged:
    question, steps = seed_run()
    question = structs.replace(question, steps=count, record="full")
    order, vocab_size = model_order(question), len(question.weights["wte"])
    losses = _losses(steps, count)
    expected = Expected(losses, [tensor_budget(loss, "float64") for loss in losses])
    replayed = ReplayedOracle.of(order, vocab_size, steps)
    judge = TrajectoryJudge(question, replayed, "float64", expected)
    case = Case.fixed("train/replayed", "replays", "train", question, lambda _precision: {})
    case = replace(case, stream=lambda _offer: judge)
    (result,) = Engine(replaying(path)).run([case], shut_down=False).results
    if result.outcome is not Outcome.PASS or result.comparison is None:
        raise SystemExit(f"the stream does not pass: {result.detail}")
    found = result.comparison
    return Judged(result.seconds, peak_mebibytes(), found.identical / found.values, found.ulps)


def peak_mebibytes() -> float:
    """The most memory that this process has had; `getrusage` would count its parent's, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) / 1024


def replaying(path: Path) -> Port:
    """A port that introduces itself, then answers the next request with the stream."""
    offer = InitializeResult(
        protocol_version=PROTOCOL_VERSION,
        name="replay",
        language="sh",
        precision="float64",
        methods=["train"],
        profiles=[MICROGPT.name],
        full_record=True,
    )
    answer = msgspec.json.encode({"jsonrpc": "2.0", "id": REQUEST - 1, "result": offer}).decode()
    script = 'read -r line && echo "$0" && read -r line && exec cat "$1"'
    run = ("sh", "-c", script, answer, str(path))
    return Port(folder=path.parent, name="replay", language="sh", run=run, label="replay")


def _losses(steps: list[StepParams], count: int) -> list[float]:
    return [float(step.loss) for step in islice(cycle(steps), count)]


@click.command()
@click.option("--megabytes", default=350, show_default=True, help="Size of the stream.")
@click.option("--rounds", default=3, show_default=True, help="Repetitions; the best counts.")
@click.option("--judge", type=click.Path(path_type=Path), hidden=True)
@click.option("--count", default=0, hidden=True)
def main(megabytes: int, rounds: int, judge: Path | None, count: int) -> None:
    """Measure how fast a fully recorded training is judged, and in how much memory."""
    if judge is not None:
        click.echo(msgspec.json.encode(judge_stream(judge, count)))
        return
    found = measure(megabytes, rounds)
    bare, judged, count = found.bare, found.judged, found.steps
    click.echo(f"{count} steps of {TOKENS} positions, {found.megabytes:.0f} MB")
    click.echo(f"decoding alone:      {bare:.3f} s, {1e3 * bare / count:.3f} ms a step")
    click.echo(
        f"decoding and judging: {judged.seconds:.3f} s, {1e3 * judged.seconds / count:.3f} ms a "
        f"step; {judged.identical:.1%} identical, the others within {judged.ulps:g} ulp"
    )
    click.echo(f"at {found.ratio:.2f} of the speed of decoding alone")
    click.echo(f"peak memory: {judged.mebibytes:.0f} MiB")


def measure(megabytes: int, rounds: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.jsonl"
        count = write_stream(path, seed_run()[1], megabytes * 1_000_000)
        bare, judged = [], []
        for _ in range(rounds):
            bare.append(decode_seconds(path, count))
            judged.append(_judged_afresh(path, count))
        best = min(judged, key=lambda found: found.seconds)
        peak = max(found.mebibytes for found in judged)
        judged_best = structs.replace(best, mebibytes=peak)
        return Measured(count, path.stat().st_size / 1e6, min(bare), judged_best)


def _judged_afresh(path: Path, count: int) -> Judged:
    """The judged pass in a process of its own, for its peak memory."""
    command = [sys.executable, "-m", __spec__.name, "--judge", str(path), "--count", str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=Judged)


if __name__ == "__main__":
    main()
