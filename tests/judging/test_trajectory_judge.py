"""How a recorded training is judged: with which budgets, and in how much memory."""

import tracemalloc
from collections.abc import Callable
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from msgspec import structs

from conformance.anatomy.step_array import StepLayout
from conformance.judging.divergence import Comparison
from conformance.judging.recorded_training import Expected, TrajectoryJudge, model_order
from conformance.oracle import reference_answer
from conformance.oracle.training_step import Oracle, StepInput, TapeOracle
from golden.budgets import tensor_budget
from golden.numbers import as_array
from ports_adapter.messages import StepParams, TrainParams, TrainResult
from reference.tape.machine import Machine
from tests.benchmarks.stream import TOKENS, ReplayedOracle, seed_run
from tests.support.command import run as run_command

Recorded = tuple[TrainParams, list[StepParams]]


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return seed_run()


def judge_of(
    recorded: Recorded, make: Callable[[Any], Oracle], losses: list[float] | None = None
) -> TrajectoryJudge:
    question = structs.replace(recorded[0], record="full")
    budgets = [tensor_budget(loss, "float64") for loss in losses or []]
    expected = Expected(losses, budgets) if losses else None
    return TrajectoryJudge(question, make(question), "float64", expected)


def reference_oracle(question: TrainParams) -> Oracle:
    config = reference_answer.config_of(question)
    return TapeOracle(Machine(config, len(question.weights["wte"])))


def finished(judge: TrajectoryJudge, last: StepParams) -> Comparison:
    return judge.finish(msgspec.convert(structs.asdict(last), TrainResult))


@pytest.mark.slow
def test_a_loss_off_the_right_trajectory_is_blamed(recorded: Recorded) -> None:
    steps = recorded[1]
    losses = [float(step.loss) for step in steps]
    losses[5] *= 1 + 1e-10
    judge = judge_of(recorded, reference_oracle, losses)
    for step in steps:
        judge.take(step)
    comparison = finished(judge, steps[-1])
    assert [d.pointer for d in comparison.divergences] == ["/steps/5/loss"]
    assert comparison.worst_at == "/steps/5/loss"
    assert comparison.extent == "1 of 8 steps wrong"


@pytest.mark.slow
def test_a_gradient_near_the_rule_is_judged_by_derived_budgets(recorded: Recorded) -> None:
    steps = [
        msgspec.json.decode(msgspec.json.encode(step), type=StepParams) for step in recorded[1]
    ]
    fc2: Any = cast(Any, steps[3].grads)["layer0.mlp_fc2"]
    fc2[5][7] += 0.6 * tensor_budget(fc2, "float64")
    judge = judge_of(recorded, reference_oracle)
    for step in steps:
        judge.take(step)
    comparison = finished(judge, steps[-1])
    assert comparison.divergences[0].first == "/steps/3/grads/layer0.mlp_fc2/5/7"
    assert comparison.worst > 1


def test_derived_budgets_of_a_step_leave_its_update_and_unused_rows_alone(
    recorded: Recorded,
) -> None:
    judge, tokens = judge_of(recorded, reference_oracle), recorded[0].documents[0]
    layout = judge._layout(TOKENS)
    assert judge.before is not None
    own = judge.order.flat(recorded[1][0].grads or {})
    step_input = StepInput(0, tokens[: TOKENS + 1], judge.before, own)
    rule = judge.steps.by_rule(step_input)
    derived = judge.steps.derived(step_input, rule)
    update = layout.evaluated + judge.order.size
    assert (derived.numbers == rule.numbers).all()
    assert (derived.budgets[update:] == rule.budgets[update:]).all()
    assert (derived.budgets[:update] != rule.budgets[:update]).any()
    assert ((derived.budgets == 0) == (rule.budgets == 0)).all()


@pytest.mark.slow
def test_memory_stays_the_same_however_long_the_stream(recorded: Recorded) -> None:
    steps = recorded[1]

    def replayed(question: TrainParams) -> Oracle:
        return ReplayedOracle.of(model_order(question), 27, steps)

    judge = judge_of(recorded, replayed)
    line = msgspec.json.encode(steps[0])
    tracemalloc.start()
    sizes = []
    for _ in range(30):
        step = msgspec.json.decode(line, type=StepParams)
        step.step = judge.steps_judged
        judge.take(step)
        del step
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(sizes[15:]) - max(sizes[5:15]) < 10_000


def test_budgets_of_a_flat_step_are_those_of_its_tensors(recorded: Recorded) -> None:
    question, steps = recorded
    judge = judge_of(recorded, reference_oracle)
    layout = judge._layout(TOKENS)
    packed = layout.pack(steps[0])
    assert packed is not None
    grads = layout.grads(packed)
    inputs = question.documents[0][:TOKENS]
    flat = judge.steps.tensor_budgets(packed[: layout.evaluated + grads.size], inputs)
    for section in layout.sections[:3]:
        inside = slice(section.start, section.stop)
        assert (flat[inside] == tensor_budget(packed[inside], "float64")).all()
    budgets = judge.order.views(flat[layout.evaluated :])
    for name, tensor in judge.order.views(grads).items():
        used = np.abs(tensor).sum(axis=1) > 0 if name in ("wte", "wpe") else slice(None)
        assert (budgets[name][used] == tensor_budget(tensor, "float64")).all()
        if name in ("wte", "wpe"):
            assert (budgets[name][~np.asarray(used)] == 0).all()


def test_a_step_becomes_one_array_and_every_place_in_it_is_found_again(recorded: Recorded) -> None:
    question, steps = recorded
    layout = StepLayout(model_order(question), 27, TOKENS)
    packed = layout.pack(steps[0])
    assert packed is not None
    for section in layout.sections:
        part = packed[section.start : section.stop].reshape(section.shape)
        value: Any = steps[0]
        for key in section.pointer.split("/")[1:]:
            value = value[key] if isinstance(value, dict) else getattr(value, key)
        assert (part == as_array(value)).all()
        assert layout.place(section.start) == section.pointer + "/0" * len(section.shape)
    assert layout.place(packed.size - 1) == "/weights/layer0.mlp_fc2/15/63"


@pytest.mark.parametrize("written", ["NaN", "Infinity", "-Infinity"])
def test_numbers_in_quotes_are_packed_as_numbers(recorded: Recorded, written: Any) -> None:
    question, steps = recorded
    layout = StepLayout(model_order(question), 27, TOKENS)
    packed = layout.pack(structs.replace(steps[0], loss=written))
    assert packed is not None
    assert repr(float(packed[layout.evaluated - 1])) == repr(float(written))


@pytest.mark.needs("shell")
@pytest.mark.slow
def test_the_benchmark_runs() -> None:
    done = run_command("tests.benchmarks.stream", "--megabytes", "4", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert "of the speed of decoding alone" in done.stdout
    assert "peak memory" in done.stdout
