"""The same program has the same verdict and the same numbers by the protocol and by a trace."""

from pathlib import Path

import numpy as np
import pytest

from conformance.judging.outcome import ExitCode
from conformance.mistakes import MISTAKES
from conformance.runs.tracing import debugged_trace
from conformance.traces.checks.traced_questions import model_question, update_question
from conformance.traces.model.model_sizes import ModelSizes
from golden.numbers import Array
from ports_adapter.client import Client
from ports_adapter.manifest import Port, find_port
from ports_adapter.messages import AdamResult, BackwardResult
from reference.profiles import MICROGPT
from reference.tape.machine import flat
from tests.support.suite import oracle_port, run_suite
from tests.support.traces import Records, outcomes, run_of, written

STEPS = 3
SECONDS = 30.0
WRONG = {
    "attention-scale-missing": "forward/trace-loss",
    "attention-gradient-not-scaled": "backward/trace-grads",
    "second-bias-correction-missing": "adam/trace-update",
}
LEVELS = ("backward/warm-step-*", "backward/cold-step-1", "adam/cold-step-1")


def trace_of(port: Port) -> Records:
    """A trace of the first steps, every number of which is the port's answer to a question."""
    run = run_of(MICROGPT.config)
    sizes = ModelSizes(MICROGPT.config, run.tokenizer.vocab_size)
    weights: Array = np.array(flat(run.state.weights))
    m = v = np.zeros(weights.size)
    records: Records = [{"trace": 1, "n_head": 4, "num_steps": 1000, "weights": weights.tolist()}]
    with Client(port) as client:
        for number, tokens in enumerate(run.tokens()[:STEPS]):
            asked = model_question(sizes, weights, list(tokens))
            found = client.ask("backward", asked, BackwardResult, SECONDS)
            grads = np.array(flat(found.grads))
            update = update_question(sizes, number, weights, m, v, grads)
            after = client.ask("adam", update, AdamResult, SECONDS)
            weights, m, v = (np.array(flat(x)) for x in (after.weights, after.m, after.v))
            step = {"step": number, "tokens": list(tokens), "loss": found.loss}
            state = {"weights": weights.tolist(), "m": m.tolist(), "v": v.tolist()}
            records.append(step | {"grads": grads.tolist()} | state)
    return records


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", ["python", "js", "python:float32"])
def test_a_right_port_passes_both(name: str, tmp_path: Path) -> None:
    port = find_port(name)
    report = debugged_trace(written(tmp_path, trace_of(port)), (), lambda _words: None).report
    assert report.exit_code is ExitCode.PASS, [case.detail for case in report.cases]
    assert report.port.precision == port.precision
    assert run_suite(port, *LEVELS).exit_code is ExitCode.PASS


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize(("mistake", "case"), WRONG.items())
def test_a_mistake_is_caught_and_named_by_both(mistake: str, case: str, tmp_path: Path) -> None:
    port = oracle_port(mistake)
    tried = [MISTAKES[slug] for slug in WRONG]
    found = debugged_trace(written(tmp_path, trace_of(port)), (), lambda _words: None, tried)
    assert outcomes(found.report)[case] == "mismatch"
    assert [[mistake]] == [name.slugs for name in found.names]
    assert run_suite(port, *LEVELS).exit_code is ExitCode.FAIL
