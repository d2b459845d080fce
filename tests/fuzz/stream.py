"""The judge of streams: trainings recorded in full, judged while they arrive."""

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from conformance.cases.case import Case
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.recorded_training import TrajectoryJudge
from conformance.oracle.reference_answer import config_of
from conformance.oracle.training_step import TapeOracle
from ports_adapter.messages import TrainParams
from reference.tape.machine import Machine
from tests.support.small_questions import VOCABULARY

from .judge import answer_in, ask
from .material import answers
from .rightness import at, is_number, leaves, outline
from .target import Ending, Target, claim

TOLERABLE = 1e-9
"""Of a tensor's largest number: far beyond any budget here."""


@cache
def case() -> Case:
    question: TrainParams = answers()["train"].params
    oracle = TapeOracle(Machine(config_of(question), VOCABULARY))
    plain = Case.fixed("train/in-full", "records all", "train", question, lambda _precision: {})
    return replace(
        plain,
        full_record=True,
        stream=lambda offer: TrajectoryJudge(question, oracle, offer.precision),
    )


@cache
def right() -> Any:
    """The right answer, decoded, its steps with it."""
    return answer_in(answers()["train"].lines)


def feed(_choice: int, content: bytes) -> Ending:
    lines = content.split(b"\n")
    result, report = ask(case(), lines)
    if result.outcome is not Outcome.PASS:
        claim(report.exit_code is ExitCode.FAIL, f"{result.outcome} is {report.exit_code}")
        return Ending.REFUSED
    got = answer_in(lines)
    claim(len(got["steps"]) == len(right()["steps"]), "another number of steps passes")
    for index, step in enumerate(right()["steps"]):
        claim(got["steps"][index]["step"] == step["step"], "another step passes")
        for name in step:
            _compare(f"/steps/{index}/{name}", got)
    for part in ("weights", "m", "v"):
        _compare(f"/{part}", got)
    return Ending.ACCEPTED


def _compare(pointer: str, got: Any) -> None:
    """What passes has the right tensors, and no number that is clearly wrong."""
    expected, actual = at(right(), pointer), at(got, pointer)
    if isinstance(expected, dict):
        claim(isinstance(actual, dict) and actual.keys() == expected.keys(), f"other {pointer}")
        for name in expected:
            _compare(f"{pointer}/{name}", got)
        return
    claim(outline(expected) == outline(actual), f"another shape passes at {pointer}")
    numbers = list(leaves(actual))
    claim(all(map(is_number, numbers)), f"what is no number passes at {pointer}")
    off = np.abs(np.array(list(leaves(expected)), float) - np.array(numbers, float))
    scale = max((abs(x) for x in leaves(expected)), default=0.0)
    claim(float(off.max(initial=0.0)) <= TOLERABLE * scale, f"a wrong number passes at {pointer}")
    claim(all(math.isfinite(float(x)) for x in numbers), f"no finite number at {pointer}")


def seeds() -> list[bytes]:
    return [b"\x00" + b"\n".join(answers()["train"].lines)]


STREAM = Target(
    name="stream",
    about="steps of a training recorded in full, and its answer, to the judge of streams",
    feed=feed,
    seeds=seeds,
    seconds=20.0,
    share=2,
)
