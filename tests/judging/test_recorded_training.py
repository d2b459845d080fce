"""Trainings recorded in full: each step judged while it arrives, and none of them kept."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from msgspec import structs

from conformance.anatomy.step_array import StepLayout
from conformance.asking.case_result import Result
from conformance.asking.engine import Engine
from conformance.cases import all_cases, select
from conformance.judging.divergence import Comparison
from conformance.judging.outcome import Outcome
from conformance.judging.recorded_training import Expected, TrajectoryJudge, model_order
from conformance.oracle import reference_answer
from conformance.oracle.training_step import Oracle, StepInput, TapeOracle
from golden.budgets import tensor_budget
from golden.numbers import as_array
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.manifest import our_ports
from ports_adapter.messages import Message, StepParams, TrainParams, TrainResult
from reference.tape.machine import Machine
from tests.benchmarks.stream import TOKENS, ReplayedOracle, seed_run
from tests.support.suite import ROOT, MakePort, case_of, oracle_port, run_suite

CASE = "train/recorded-in-full"
STEPS = 6


def canonical(change: str) -> str:
    """The canonical program as a port, with a change to it or to what it announces."""
    return (
        dedent(
            f"""
            import sys
            from copy import deepcopy
            from dataclasses import replace
            from msgspec import UNSET, structs
            sys.path.insert(0, {str(ROOT)!r})
            import reference.training
            from conformance.oracle import reference_answer
            from conformance.mistakes import patched_port as oracle_port

            right, evaluate = oracle_port.announce, reference.training.evaluate
            answer, introduction = reference_answer.answer, oracle_port.introduction
            number = lambda step: step.step - first
            first = 0

            def begin(name, params, *rest):
                global first
                first = getattr(params, "step", 0)
                return answer(name, params, *rest)

            reference_answer.answer = begin
            """
        )
        + dedent(change)
        + "\noracle_port.main()\n"
    )


def announcing(change: str) -> str:
    """The canonical program, with a change to some of the steps that it announces."""
    body = "\n".join(f"    {line}" for line in dedent(change).strip().splitlines())
    announce = f"def announce(step):\n    step = deepcopy(step)\n{body}"
    return canonical(f"{announce}\noracle_port.announce = announce")


def judged(make_port: MakePort, source: str) -> Any:
    return case_of(run_suite(make_port(source, message=60.0, sandbox=Sandbox.NEVER), CASE), CASE)


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", our_ports())
def test_our_ports_pass(name: str) -> None:
    case = case_of(run_suite(name, CASE), CASE)
    assert (str(case.outcome), case.detail) == ("pass", "")
    assert case.values > STEPS * 4 * 4000


@pytest.mark.slow
def test_the_canonical_program_passes_bit_for_bit() -> None:
    case = case_of(run_suite(oracle_port(), CASE), CASE)
    assert case.outcome is Outcome.PASS
    assert case.identical == case.values > 0


@pytest.mark.slow
def test_a_port_that_does_not_declare_it_is_not_asked(make_port: MakePort) -> None:
    change = "oracle_port.introduction = lambda: structs.replace(introduction(), full_record=False)"
    case = judged(make_port, canonical(change))
    assert case.outcome is Outcome.NOT_OFFERED
    assert case.detail == "the port does not offer to record every step in full"


@pytest.mark.slow
def test_a_gradient_wrong_at_one_step_is_blamed_there_and_on_no_other(make_port: MakePort) -> None:
    change = """
    calls = 0
    def wrong(*arguments):
        global calls
        calls += 1
        found = evaluate(*arguments)
        if calls == 4:
            rows = found.grads["layer0.attn_wv"]
            rows[2] = [1.01 * g for g in rows[2]]
        return found
    reference.training.evaluate = wrong
    """
    case = judged(make_port, canonical(change))
    assert case.outcome is Outcome.MISMATCH
    assert [d.part for d in case.differences] == ["/steps/3/grads/layer0.attn_wv"]
    assert case.differences[0].pointer.startswith("/steps/3/grads/layer0.attn_wv/2/")
    assert case.differences[0].wrong == 16
    assert case.detail.endswith("; 1 of 6 steps wrong")


@pytest.mark.slow
def test_an_update_wrong_at_one_step_is_blamed_there_and_on_no_other(make_port: MakePort) -> None:
    change = """
    calls, adam = 0, reference.training.adam
    def wrong(state, grads, config):
        global calls
        calls += 1
        return adam(state, grads, replace(config, beta1=0.9) if calls == 3 else config)
    reference.training.adam = wrong
    """
    case = judged(make_port, canonical(change))
    assert case.differences[0].part == "/steps/2/m/wte"
    assert {d.part.split("/")[3] for d in case.differences} == {"m", "weights"}
    assert case.detail.endswith("; 1 of 6 steps wrong")


@pytest.mark.slow
def test_too_few_steps_fail(make_port: MakePort) -> None:
    case = judged(make_port, announcing("if number(step) < 5: right(step)"))
    assert case.outcome is Outcome.MISMATCH
    assert case.detail == "/steps/5: expected a step, got nothing"


@pytest.mark.slow
def test_too_many_steps_fail(make_port: MakePort) -> None:
    case = judged(make_port, announcing("right(step); number(step) == 5 and right(step)"))
    assert case.outcome is Outcome.VIOLATION
    assert case.detail == "more than the 6 steps that were asked for"


@pytest.mark.slow
def test_a_step_sent_twice_fails(make_port: MakePort) -> None:
    case = judged(make_port, announcing("right(step)\nif number(step) == 2: right(step)"))
    assert case.outcome is Outcome.VIOLATION


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("change", "place", "expected", "got"),
    [
        ("step.grads['wpe'].pop()", "/grads/wpe", "numbers[16][16]", "numbers[15][16]"),
        ("step.v['wte'][3].pop()", "/v/wte", "numbers[27][16]", "numbers["),
        ("step.logits.pop()", "/logits", "numbers[", "numbers["),
        ("step.weights.pop('wte')", "/weights/wte", "numbers[27][16]", "nothing"),
        ("step.grads['more'] = [[1.0]]", "/grads/more", "nothing", "an extra part"),
        ("step = structs.replace(step, losses=[])", "/losses", "numbers[", "numbers[0]"),
        ("step = structs.replace(step, step=7)", "/step", "", "7"),
        ("step.learning_rate = UNSET", "/learning_rate", "", "nothing"),
        ("step.m['wte'], step.m['wpe'] = step.m['wpe'], step.m['wte']", "/m/wte", "numbers[27", ""),
    ],
)
def test_a_wrong_shape_is_located(
    make_port: MakePort, change: str, place: str, expected: str, got: str
) -> None:
    case = judged(make_port, announcing(f"if number(step) == 2:\n    {change}\nright(step)"))
    assert case.outcome is Outcome.MISMATCH
    first = case.differences[0]
    assert first.pointer.startswith(f"/steps/2{place}")
    assert first.expected.startswith(expected)
    assert got in first.got
    assert "; 1 of 6 steps wrong" in case.detail


@pytest.mark.slow
def test_a_light_record_where_a_full_one_was_asked_for_lacks_its_parts(
    make_port: MakePort,
) -> None:
    light = "StepParams(id=step.id, step=step.step, loss=step.loss, learning_rate=0.0)"
    source = announcing(f"from ports_adapter.messages import StepParams\nright({light})")
    case = judged(make_port, source)
    assert case.differences[0].pointer == "/steps/0/logits"
    assert case.differences[0].got == "nothing"
    assert case.detail.endswith("; 1 of 6 steps wrong, 5 could not be judged")


@pytest.mark.slow
def test_what_is_no_number_is_a_violation_with_its_place(make_port: MakePort) -> None:
    source = announcing("step.grads['wte'][1][2] = 'much'; right(step)")
    case = judged(make_port, source)
    assert case.outcome is Outcome.VIOLATION
    assert "expected a number" in case.detail
    assert "/params/grads/*/1/2" in case.detail


@pytest.mark.slow
def test_nan_in_quotes_is_a_number_and_a_wrong_one(make_port: MakePort) -> None:
    case = judged(
        make_port, announcing("if number(step) == 1: step.losses[0] = 'NaN'\nright(step)")
    )
    assert case.outcome is Outcome.MISMATCH
    assert case.detail.startswith("/steps/1/losses/0: expected ")
    assert case.detail.endswith(", got nan; 1 of 6 steps wrong")


@pytest.mark.slow
def test_nothing_follows_from_a_state_that_is_not_finite(make_port: MakePort) -> None:
    change = "if number(step) == 1: step.weights['wte'][0][0] = '-Infinity'"
    case = judged(make_port, announcing(f"{change}\nright(step)"))
    assert case.differences[0].pointer == "/steps/1/weights/wte/0/0"
    assert case.detail.endswith(", got -inf; 1 of 6 steps wrong, 1 could not be judged")


@pytest.mark.slow
def test_nothing_of_the_suite_fails_where_numbers_overflow(make_port: MakePort) -> None:
    change = """
    if number(step) == 1:
        step.weights["wte"][0] = [1e200] * 16
        step.v["wpe"][0] = [-1.0] * 16
    right(step)
    """
    case = judged(make_port, announcing(change))
    assert case.outcome is Outcome.MISMATCH
    assert case.differences[0].part == "/steps/1/v/wpe"


@pytest.mark.slow
def test_gradients_that_no_update_follows_from_are_blamed(make_port: MakePort) -> None:
    change = "if number(step) == 0: step.grads['wte'][3] = [1e200] * 16\nright(step)"
    case = judged(make_port, announcing(change))
    assert case.outcome is Outcome.MISMATCH
    assert case.differences[0].part == "/steps/0/grads/wte"


@pytest.mark.slow
def test_an_answer_that_is_not_the_last_steps_state_fails(make_port: MakePort) -> None:
    change = """
    def other(name, params, *rest):
        result = begin(name, params, *rest)
        if name == "train":
            result.weights["wte"][3][4] += 1e-15
        return result
    reference_answer.answer = other
    """
    case = judged(make_port, canonical(change))
    assert [d.pointer for d in case.differences] == ["/weights/wte/3/4"]
    assert case.differences[0].expected.endswith(" exactly")


class Faulty:
    """A judge that is at fault itself."""

    def take(self, _step: StepParams) -> None:
        raise ZeroDivisionError("no oracle")

    def finish(self, _result: Message) -> Comparison:
        raise AssertionError


@pytest.mark.slow
def test_a_fault_of_the_judge_is_the_suites_and_the_port_is_asked_on() -> None:
    (case,) = select(all_cases(1, "float64"), [CASE])
    faulty = replace(case, stream=lambda _offer: Faulty())
    results: list[Result] = []
    Engine(oracle_port(), results.append).run([faulty, case], shut_down=False)
    assert [result.outcome for result in results] == [Outcome.SUITE_FAULT, Outcome.PASS]
    assert results[0].detail == "ZeroDivisionError: no oracle"


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
    for _ in range(60):
        step = msgspec.json.decode(line, type=StepParams)
        step.step = judge.steps_judged
        judge.take(step)
        del step
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(sizes[30:]) - max(sizes[10:30]) < 20_000


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
def test_the_benchmark_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.stream", "--megabytes", "4", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "of the speed of decoding alone" in done.stdout
    assert "peak memory" in done.stdout
