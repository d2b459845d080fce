"""Measuring how fast a port or the reference starts and trains, and how much memory it takes.

A step trains the published model on a document of the embedded corpus. Its time is taken between
the first and the last of many notifications, so the state, which is sent before and after, does
not count. The best of several rounds is taken.
"""

import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
from msgspec import Struct, field

from conformance.anatomy.golden_values import recorded_state
from conformance.cases.by_level.handshake import introduction
from conformance.cases.training_run import train_question
from golden.goldens import load_trace
from golden.trace import Trace
from ports_adapter.building import build
from ports_adapter.client import Client
from ports_adapter.manifest import Port
from ports_adapter.messages import InitializeResult, StepParams, TrainResult

ROOT = Path(__file__).parents[3]
SECONDS = 1.0
"""About how many seconds a round of training takes."""

FEWEST, MOST = 10, 1000
ROUNDS = 3


class Speed(Struct, frozen=True):
    """The speed of a program.

    `start_up` is the time in seconds from its start to its first answer, `step` that of a
    training step. `memory` is the most bytes that it and its children were seen to hold. If no
    step was measured, `why` says why.
    """

    name: str
    start_up: float = 0.0
    step: float = 0.0
    memory: int = 0
    why: str = ""

    @property
    def steps_per_second(self) -> float:
        """Training steps in a second."""
        return 1 / self.step if self.step else 0.0


class _Watch(Struct):
    """The times of a process's steps, and the most memory that it held."""

    process: psutil.Process
    times: list[float] = field(default_factory=list)
    memory: int = 0

    def look(self, _step: object = None) -> None:
        """Record a step, and at every tenth the memory."""
        self.times.append(time.perf_counter())
        if len(self.times) % 10 == 1:
            self.weigh()

    def weigh(self) -> None:
        """Record the memory of the process and all its children."""
        try:
            family = [self.process, *self.process.children(recursive=True)]
            self.memory = max(self.memory, sum(p.memory_info().rss for p in family))
        except psutil.Error:
            return

    @property
    def step(self) -> float:
        """The mean time of a step, in seconds."""
        return (self.times[-1] - self.times[0]) / (len(self.times) - 1)


def measure_port(port: Port) -> Speed:
    """Build and start a port, and measure its training.

    Raises:
        NotBuilt: its build command fails.
        NotStarted: it cannot be started.
        PortFailure: it does not answer `initialize` or `train`.
    """
    if port.kind == "program":
        return Speed(port.label, why="it is a program that is run as it is, and speaks no protocol")
    build(port)
    trace = load_trace()
    started = time.perf_counter()
    with Client(port) as client:
        offer = client.ask("initialize", introduction(), InitializeResult, port.timeouts.start)
        start_up = time.perf_counter() - started
        if "train" not in offer.methods:
            return Speed(port.label, start_up, why="it does not offer train")
        watch = _Watch(psutil.Process(client.pid))
        _train(client, trace, FEWEST, watch.look)  # warms up just-in-time compilers
        steps = min(MOST, max(FEWEST, int(SECONDS / watch.step)))
        best = math.inf
        for _ in range(ROUNDS):
            watch.times.clear()
            _train(client, trace, steps, watch.look)
            watch.weigh()
            best = min(best, watch.step)
        return Speed(port.label, start_up, best, watch.memory)


def _train(client: Client, trace: Trace, steps: int, on_step: Callable[[StepParams], None]) -> None:
    documents = [step.tokens for step in trace.steps[:steps]]
    question = train_question(trace, recorded_state(trace, 0), documents, steps)
    client.ask("train", question, TrainResult, client.port.timeouts.message, on_step)


REFERENCES = {
    "the reference": ("--steps", "20"),
    "the reference, on its tape": ("--steps", "1000", "--tape"),
}


def measure_references() -> Iterator[Speed]:
    """Measure the reference as it is written, and on its tape."""
    for name, arguments in REFERENCES.items():
        yield _measure_reference(name, arguments)


def _measure_reference(name: str, arguments: Sequence[str]) -> Speed:
    command = [sys.executable, "-u", "-m", "reference", "--embedded", *arguments]
    command += ["--set", "num_samples=1"]  # which takes time, and is not measured
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        watch = _Watch(psutil.Process(process.pid))
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step "):
                watch.look()
    start_up = max(0.0, watch.times[0] - watch.step - started)
    return Speed(name, start_up, watch.step, watch.memory)
