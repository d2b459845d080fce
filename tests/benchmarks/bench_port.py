"""A case a method, of the port named by `--port` and of the reference: a group each, side by side.

All are asked over the same protocol by the same client, so that the round trip counts alike; they
are started, and warmed up, beforehand. `make bench` runs this. Ratios within a run mean something,
times do not.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from conformance.cases import all_cases
from conformance.cases.by_level.handshake import introduction
from conformance.cases.case import Case
from conformance.cases.offer import not_offered
from conformance.judging.stream_judge import STREAMED
from ports_adapter.building import build
from ports_adapter.client import Client
from ports_adapter.manifest import Port, find_port
from ports_adapter.messages import METHODS, InitializeResult, StepParams
from tests.support.suite import oracle_port

REPRESENTATIVE = {
    "tokenize": "tokenizer/embedded-corpus",
    "evaluate": "autograd/deep-chain",
    "linear": "layers/linear-wide",
    "softmax": "layers/softmax-plain",
    "rmsnorm": "layers/rmsnorm-plain",
    "attention": "layers/attention-four-heads",
    "mlp": "layers/mlp-plain",
    "cross_entropy": "layers/cross-entropy-plain",
    "forward": "forward/warm-step-453",
    "backward": "backward/warm-step-453",
    "adam": "adam/warm-step-452",
    "train": "train/cold-start",
    "random": "random/long-stream",
    "sample": "sample/published-temperature",
    "replicate": "replicate/short-run",
}
"""Of each method the case that is most like the published program's own work."""

TAPED = ("forward", "backward", "train", "sample", "replicate")
"""What the tape makes faster: whatever runs the whole model."""

SEED = 0


class Running(NamedTuple):
    """A program that is ready to be asked."""

    client: Client
    offer: InitializeResult


def _running(port: Port) -> Iterator[Running]:
    build(port)
    with Client(port) as client:
        offer = client.ask("initialize", introduction(), InitializeResult, port.timeouts.start)
        yield Running(client, offer)


@pytest.fixture(scope="module")
def port(request: pytest.FixtureRequest) -> Iterator[Running]:
    yield from _running(find_port(request.config.getoption("--port") or "python"))


@pytest.fixture(scope="module")
def reference() -> Iterator[Running]:
    yield from _running(oracle_port())


@pytest.fixture(scope="module")
def tape() -> Iterator[Running]:
    yield from _running(oracle_port("--tape"))


@pytest.fixture(scope="module")
def cases(port: Running) -> dict[str, Case]:
    """The cases by slug, with numbers that the port can represent."""
    return {case.slug: case for case in all_cases(SEED, port.offer.precision)}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    program = metafunc.function.__name__.removeprefix("test_")
    methods = [name for name in REPRESENTATIVE if program != "tape" or name in TAPED]
    marked = [pytest.param(name, marks=pytest.mark.benchmark(group=name)) for name in methods]
    metafunc.parametrize("method", marked)


def _time(benchmark: BenchmarkFixture, running: Running, case: Case, port: Running) -> None:
    if reason := not_offered(case, port.offer):
        pytest.skip(reason)
    client, question = running.client, case.question(port.offer)
    kind: type[Any] = METHODS[case.method].result

    def ask() -> None:
        steps: list[StepParams] = []
        take = steps.append if case.method in STREAMED else None
        client.ask(case.method, question, kind, client.port.timeouts.message, take)

    ask()
    benchmark(ask)


def test_port(
    benchmark: BenchmarkFixture, port: Running, cases: dict[str, Case], method: str
) -> None:
    _time(benchmark, port, cases[REPRESENTATIVE[method]], port)


def test_reference(
    benchmark: BenchmarkFixture,
    reference: Running,
    port: Running,
    cases: dict[str, Case],
    method: str,
) -> None:
    _time(benchmark, reference, cases[REPRESENTATIVE[method]], port)


def test_tape(
    benchmark: BenchmarkFixture, tape: Running, port: Running, cases: dict[str, Case], method: str
) -> None:
    _time(benchmark, tape, cases[REPRESENTATIVE[method]], port)
