"""Trainings recorded in full: each step is judged as it arrives, and blamed for itself alone."""

import functools
import operator
from collections.abc import Callable
from dataclasses import replace
from textwrap import dedent
from typing import Any

import msgspec
import pytest
from msgspec import structs

import reference.adam
import reference.training
from conformance.asking.case_result import Result, compared
from conformance.asking.engine import Engine
from conformance.cases import all_cases, select
from conformance.cases.case import Case
from conformance.cases.offer import not_offered
from conformance.judging.divergence import Comparison, Divergence
from conformance.judging.outcome import Outcome
from conformance.mistakes import applied
from conformance.mistakes.mistake import Patch
from conformance.mistakes.patched_port import introduction
from conformance.oracle import reference_answer
from ports_adapter.containment.sandbox import Sandbox
from ports_adapter.messages import Message, StepParams, TrainResult
from tests.support.suite import ROOT, MakePort, case_of, oracle_port, run_suite

CASE = "train/recorded-in-full"
OFFER = introduction()

Change = Callable[[Any], object]
"""Alters a step, or the answer after the last one."""


@pytest.fixture(scope="module")
def case() -> Case:
    (found,) = select(all_cases(1, "float64"), [CASE])
    return found


def announced(case: Case, patch: Patch) -> list[bytes]:
    """The steps that the canonical program announces, with a patch of it."""
    steps: list[StepParams] = []
    with applied(patch):
        reference_answer.answer("train", case.question(OFFER), steps.append)
    return [msgspec.json.encode(step) for step in steps]


@pytest.fixture(scope="module")
def right(case: Case) -> list[bytes]:
    """The steps of the canonical program."""
    return announced(case, {})


def unchanged(_sent: Any) -> None:
    """The change that is none."""


def changed(line: bytes, change: Change, kind: type[Any]) -> Any:
    """A message as the suite decodes it, with a change of what was sent."""
    sent = msgspec.json.decode(line)
    change(sent)
    return msgspec.json.decode(msgspec.json.encode(sent), type=kind)


def judged(
    case: Case,
    steps: list[bytes],
    change: Change = unchanged,
    *,
    at: int | None = None,
    after: Change = unchanged,
) -> Result:
    """The case's own judgment of these steps, with a change of one of them or of all."""
    assert case.stream
    judge = case.stream(OFFER)
    for index, line in enumerate(steps):
        judge.take(changed(line, change if at in (None, index) else unchanged, StepParams))
    return compared(case, judge.finish(changed(steps[-1], after, TrainResult)), 0.0)


def divergences(result: Result) -> tuple[Divergence, ...]:
    assert result.outcome is Outcome.MISMATCH
    assert result.comparison
    return result.comparison.divergences


def test_a_port_that_does_not_declare_it_is_not_asked(case: Case) -> None:
    assert not_offered(case, OFFER) == ""
    lacking = not_offered(case, structs.replace(OFFER, full_record=False))
    assert lacking == "the port does not offer to record every step in full"


@pytest.mark.slow
def test_a_gradient_wrong_at_one_step_is_blamed_there_and_on_no_other(case: Case) -> None:
    evaluations = []

    def wrong(*arguments: Any) -> Any:
        evaluations.append(found := evaluate(*arguments))
        if len(evaluations) == 4:
            rows = found.grads["layer0.attn_wv"]
            rows[2] = [1.01 * g for g in rows[2]]
        return found

    evaluate = reference.training.evaluate
    result = judged(case, announced(case, {"training.evaluate": wrong}))
    (found,) = divergences(result)
    assert found.part == "/steps/3/grads/layer0.attn_wv"
    assert found.pointer.startswith("/steps/3/grads/layer0.attn_wv/2/")
    assert found.wrong == 16
    assert result.detail.endswith("; 1 of 6 steps wrong")


@pytest.mark.slow
def test_an_update_wrong_at_one_step_is_blamed_there_and_on_no_other(case: Case) -> None:
    updates = []

    def wrong(state: Any, grads: Any, config: Any) -> Any:
        updates.append(state)
        return adam(state, grads, replace(config, beta1=0.9) if len(updates) == 3 else config)

    adam = reference.adam.adam
    result = judged(case, announced(case, {"training.adam": wrong}))
    found = divergences(result)
    assert found[0].part == "/steps/2/m/wte"
    assert {d.part.split("/")[3] for d in found} == {"m", "weights"}
    assert result.detail.endswith("; 1 of 6 steps wrong")


def test_too_few_steps_fail(case: Case, right: list[bytes]) -> None:
    result = judged(case, right[:-1])
    assert result.outcome is Outcome.MISMATCH
    assert result.detail == "/steps/5: expected a step, got nothing"


def inside(sent: Any, place: tuple[str | int, ...]) -> Any:
    return functools.reduce(operator.getitem, place, sent)


def put(value: Any, *place: str | int) -> Change:
    return lambda sent: operator.setitem(inside(sent, place[:-1]), place[-1], value)


def drop(*place: str | int) -> Change:
    return lambda sent: operator.delitem(inside(sent, place[:-1]), place[-1])


ALONE = "; 1 of 6 steps wrong"
AND_THE_NEXT = "; 1 of 6 steps wrong, 1 could not be judged"


def swap(step: Any) -> None:
    step["m"] |= {"wte": step["m"]["wpe"], "wpe": step["m"]["wte"]}


def overflow(step: Any) -> None:
    step["weights"]["wte"][0] = [1e200] * 16
    step["v"]["wpe"][0] = [-1.0] * 16


@pytest.mark.parametrize(
    ("at", "change", "place", "expected", "got", "extent"),
    [
        (2, drop("grads", "wpe", -1), "/grads/wpe", "numbers[16][16]", "numbers[15][16]", ALONE),
        (2, drop("v", "wte", 3, -1), "/v/wte", "numbers[27][16]", "numbers[", AND_THE_NEXT),
        (2, drop("logits", -1), "/logits", "numbers[", "numbers[", ALONE),
        (2, drop("weights", "wte"), "/weights/wte", "numbers[27][16]", "nothing", AND_THE_NEXT),
        (2, put([[1.0]], "grads", "more"), "/grads/more", "nothing", "an extra part", ALONE),
        (2, put([], "losses"), "/losses", "numbers[", "numbers[0]", ALONE),
        (2, put(7, "step"), "/step", "", "7", ALONE),
        (2, drop("learning_rate"), "/learning_rate", "", "nothing", ALONE),
        (2, swap, "/m/wte", "numbers[27", "", AND_THE_NEXT),
        (1, put("NaN", "losses", 0), "/losses/0", "", "nan", ALONE),
        (1, put("-Infinity", "weights", "wte", 0, 0), "/weights/wte/0/0", "", "-inf", AND_THE_NEXT),
        (1, overflow, "/v/wpe/", "", "", "; 2 of 6 steps wrong"),
        (0, put([1e200] * 16, "grads", "wte", 3), "/grads/wte/", "", "", ALONE),
    ],
)
def test_a_change_of_one_step_is_located_and_its_extent_is_told(
    case: Case,
    right: list[bytes],
    at: int,
    change: Change,
    place: str,
    expected: str,
    got: str,
    extent: str,
) -> None:
    result = judged(case, right, change, at=at)
    first = divergences(result)[0]
    assert first.pointer.startswith(f"/steps/{at}{place}")
    assert first.expected.startswith(expected)
    assert got in first.got
    assert result.detail.endswith(extent)


def test_a_light_record_where_a_full_one_was_asked_for_lacks_its_parts(
    case: Case, right: list[bytes]
) -> None:
    full = ("logits", "losses", "grads", "m", "v", "weights")
    result = judged(case, right, lambda step: [step.pop(part) for part in full])
    first = divergences(result)[0]
    assert (first.pointer, first.got) == ("/steps/0/logits", "nothing")
    assert result.detail.endswith("; 1 of 6 steps wrong, 5 could not be judged")


def test_an_answer_that_is_not_the_last_steps_state_fails(case: Case, right: list[bytes]) -> None:
    def change(answer: Any) -> None:
        answer["weights"]["wte"][3][4] += 1e-15

    (found,) = divergences(judged(case, right, after=change))
    assert found.pointer == "/weights/wte/3/4"
    assert found.expected.endswith(" exactly")


def announcing(make_port: MakePort, change: str) -> Any:
    """How the case ends for the canonical program that announces its steps in this way."""
    source = f"""
    import sys
    sys.path.insert(0, {str(ROOT)!r})
    sys.argv.append("--tape")
    from conformance.mistakes import patched_port

    def announce(step):
        {change}

    right, patched_port.announce = patched_port.announce, announce
    patched_port.main()
    """
    made = make_port(dedent(source), message=60.0, sandbox=Sandbox.NEVER)
    return case_of(run_suite(made, CASE), CASE)


@pytest.mark.slow
def test_a_step_sent_twice_is_one_too_many(make_port: MakePort) -> None:
    case = announcing(make_port, "right(step); right(step)")
    assert case.outcome is Outcome.VIOLATION
    assert case.detail == "more than the 6 steps that were asked for"


@pytest.mark.slow
def test_what_is_no_number_is_a_violation_with_its_place(make_port: MakePort) -> None:
    case = announcing(make_port, "step.grads['wte'][1][2] = 'much'; right(step)")
    assert case.outcome is Outcome.VIOLATION
    assert "expected a number" in case.detail
    assert "/params/grads/*/1/2" in case.detail


class Faulty:
    """A judge that is at fault itself."""

    def take(self, _step: StepParams) -> None:
        raise ZeroDivisionError("no oracle")

    def finish(self, _result: Message) -> Comparison:
        raise AssertionError


@pytest.mark.slow
def test_a_fault_of_the_judge_is_the_suites_and_the_port_is_asked_on_and_passes_bit_for_bit(
    case: Case,
) -> None:
    faulty = replace(case, stream=lambda _offer: Faulty())
    results: list[Result] = []
    Engine(oracle_port("--tape"), results.append).run([faulty, case], shut_down=False)
    assert [result.outcome for result in results] == [Outcome.SUITE_FAULT, Outcome.PASS]
    assert results[0].detail == "ZeroDivisionError: no oracle"
    numbers = results[1].comparison
    assert numbers
    assert numbers.identical == numbers.values > 0
