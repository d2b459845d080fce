"""Twenty training steps, of the port named by `--port` and of the reference, side by side.

The port is started and warmed up beforehand; the state on the wire, there and back, counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from conformance.cases.handshake import introduction
from conformance.cases.training import train_question
from conformance.recorded import recorded_state
from golden.goldens import load_trace
from ports_adapter.building import build
from ports_adapter.client import Client
from ports_adapter.manifest import find_port
from ports_adapter.messages import InitializeResult, StepParams, TrainResult
from reference.training import train

STEPS = 20
TRACE = load_trace()
STATE = recorded_state(TRACE, 0)
DOCUMENTS = [step.tokens for step in TRACE.steps[:STEPS]]


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    port = find_port(request.config.getoption("--port"))
    build(port)
    with Client(port) as client:
        client.ask("initialize", introduction(), InitializeResult, port.timeouts.start)
        yield client


@pytest.mark.benchmark(group=f"{STEPS} training steps")
def test_port(benchmark: BenchmarkFixture, client: Client) -> None:
    question = train_question(TRACE, STATE, DOCUMENTS, STEPS)

    def steps() -> int:
        seen: list[StepParams] = []
        client.ask("train", question, TrainResult, client.port.timeouts.message, seen.append)
        return len(seen)

    pedantic: Any = benchmark.pedantic  # untyped
    assert pedantic(steps, rounds=5, warmup_rounds=1) == STEPS


@pytest.mark.benchmark(group=f"{STEPS} training steps")
def test_reference(benchmark: BenchmarkFixture) -> None:
    def steps() -> int:
        return sum(1 for _ in islice(train(STATE, DOCUMENTS, TRACE.config), STEPS))

    pedantic: Any = benchmark.pedantic  # untyped
    assert pedantic(steps, rounds=3) == STEPS
