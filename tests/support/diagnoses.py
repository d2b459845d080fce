"""Diagnoses made by hand: of a failed run, of one that passed, and of one full of hostile text."""

import math
import random
import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from conformance.anatomy.levels import Level
from conformance.explanation.diagnosis import (
    Diagnosis,
    ErrorMap,
    FirstDivergence,
    LossCurves,
    NamedMistake,
    Place,
    SmallestCase,
)
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import CaseReport, Difference, LevelReport, PortReport, Report
from golden.trace import Number, number

SLUGS = {
    Level.PROTOCOL: "protocol/initialize",
    Level.TOKENIZER: "tokenizer/crlf",
    Level.AUTOGRAD: "autograd/one-neuron",
    Level.LAYERS: "layers/linear-square",
    Level.FORWARD: "forward/one-letter",
    Level.BACKWARD: "backward/deep-model",
    Level.ADAM: "adam/first-step",
    Level.TRAIN: "train/cold-start",
    Level.RANDOM: "random/gauss",
    Level.SAMPLE: "sample/greedy",
    Level.REPLICATE: "replicate/short-run",
}
WRONG_AT = "/intermediate_grads/layer0.attn_scores/3/1/2"
SOURCE = (
    "func testSoftmax() {\n\tlet x = [0.5, -1.25]\n\tXCTAssertEqual(softmax(x), [1.0, 2.0])\n}\n"
)
HOSTILE = (
    "</script><script>window.__hacked = 1</script>",
    "<img src=x onerror='window.__hacked = 2'>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.exe\x07\x1b[31m\x00",
    "<!--<script> \u2028 ]]> &amp; \"'`",
    "\ud800 %{y} <b>bold</b> <a href='javascript:window.__hacked = 3'>x</a>",
)


def failed_story(layers: int = 1) -> Diagnosis:
    """A sign is wrong in the softmax's gradient; everything that there is to tell is told."""
    sound = {Level.PROTOCOL, Level.TOKENIZER, Level.AUTOGRAD, Level.FORWARD, Level.ADAM}
    outcomes = {
        level: Outcome.PASS if level in sound else Outcome.MISMATCH
        for level in Level
        if level not in (Level.RANDOM, Level.SAMPLE, Level.LAYERS, Level.SGD)
    }
    report = report_of(outcomes | {Level.RANDOM: Outcome.PASS, Level.SAMPLE: Outcome.NOT_OFFERED})
    node = f"layer{layers - 1}.attn_scores"
    return Diagnosis(
        report=report,
        divergence=FirstDivergence(
            case=SLUGS[Level.BACKWARD],
            place=Place(
                pointer=WRONG_AT.replace("layer0.attn_scores", node),
                direction="backward",
                node=node,
                operation="the backward pass of attention's softmax",
                layer=layers - 1,
                head=1,
                position=3,
                column=2,
                words=f"the gradient at {node}, position 3, head 1, of key 2",
            ),
            expected="-0.010313807891078932",
            got="-0.012523679108686533",
            budgets=1.4e14,
            evidence=[
                "Correct before it: attn_heads, attn_weights.",
                "6 of the 40 numbers of layer0.attn_scores are outside of their budgets.",
                "With attn_wo switched off, the gradients are right.",
            ],
            tainted=[SLUGS[Level.TRAIN], SLUGS[Level.REPLICATE]],
            sound=[str(level) for level in sound],
        ),
        names=[_explained()],
        symptoms=["All wrong numbers have the opposite sign of what is added to them."],
        smallest=[
            SmallestCase("a softmax of two numbers", "Swift", "SoftmaxTests.swift", SOURCE),
        ],
        maps=[
            error_map("/grads/wte", (27, 16), 1),
            error_map("/grads/layer0.attn_wq", (16, 16), 2),
            error_map("/intermediate_grads/layer0.attn_scores", (5, 4, 5), 3),
            error_map("/logits", (27,), 4),
            *[error_map(f"/steps/{n}/weights/lm_head", (27, 16), n, step=n) for n in range(4)],
        ],
        curves=[loss_curves(300)],
        transcript="transcripts/oracle.jsonl",
        seconds=12.5,
    )  # fmt: skip


def passed_story() -> Diagnosis:
    return _nothing_wrong({level: Outcome.PASS for level in Level if level is not Level.SGD})


def empty_story() -> Diagnosis:
    return _nothing_wrong({})


def _nothing_wrong(outcomes: dict[Level, Outcome]) -> Diagnosis:
    return Diagnosis(
        report=report_of(outcomes), divergence=None,
        names=[], symptoms=[], smallest=[], maps=[], curves=[],
    )  # fmt: skip


def unfinite_story() -> Diagnosis:
    """Numbers that are not finite, wherever numbers stand."""
    diagnosis = failed_story()
    budgets: list[Number] = [1e-12, 1e-12, 1e-12, 0.0]
    said: list[Number] = ["NaN", "Infinity", "-Infinity", 1.0]
    worst: list[Number] = ["Infinity", "NaN", "Infinity", 0.0]
    assert diagnosis.divergence
    return msgspec.structs.replace(
        diagnosis,
        divergence=msgspec.structs.replace(diagnosis.divergence, budgets="Infinity", got="NaN"),
        names=[msgspec.structs.replace(diagnosis.names[0], worst="NaN")],
        maps=[ErrorMap("forward/nan", "/logits", None, [4], [1.0, 2.0, 3.0, 1.0], said, worst)],
        curves=[LossCurves("train/nan", 0, [3.25, 3.0, 2.5, 1.0], budgets, said)],
    )


def hostile_story() -> Diagnosis:
    texts = random.Random(1)
    hostile: Diagnosis = _hostile(failed_story(), texts)
    return hostile


def report_of(outcomes: dict[Level, Outcome]) -> Report:
    """A report with one case a level, whose outcomes are given."""
    cases = [_case(level, outcome) for level, outcome in outcomes.items()]
    passed = sum(case.outcome is Outcome.PASS for case in cases)
    failed = [case for case in cases if case.outcome.is_failure]
    code = ExitCode.FAIL if failed else ExitCode.PASS if cases else ExitCode.NOTHING_VERIFIED
    word = {ExitCode.FAIL: "FAIL", ExitCode.PASS: "PASS"}.get(code, "NOTHING VERIFIED")
    return Report(
        port=PortReport(
            "swift", "microgpt in Swift", "Swift", "float64", ["forward", "backward"], ["microgpt"]
        ),
        seed=2026,
        exit_code=code,
        verdict=f"{word}: {passed} of {len(cases)} cases passed",
        grade="none" if failed else "within 4 ulp; 63.4 % of 539414 numbers bit-identical",
        first_divergence=failed[0].slug if failed else "",
        layout="",
        levels=[_level(case) for case in cases],
        cases=cases,
        seconds=41.5,
    )


def error_map(
    pointer: str, shape: Iterable[int], seed: int, *, step: int | None = None
) -> ErrorMap:
    """A tensor with a wrong row among rounding errors."""
    draw = random.Random(seed)
    sizes = list(shape)
    values = math.prod(sizes)
    expected: list[Number] = [draw.gauss(0, 0.02) for _ in range(values)]
    errors: list[Number] = [min(0.6, abs(draw.gauss(0, 0.05))) for _ in range(values)]
    for at in range(values // 2, values // 2 + sizes[-1]):
        errors[min(at, values - 1)] = 10 ** draw.uniform(3, 14)
    got = [number(float(x) + 1e-17 * float(e)) for x, e in zip(expected, errors, strict=True)]
    slug = SLUGS[Level.BACKWARD if step is None else Level.TRAIN]
    return ErrorMap(slug, pointer, step, sizes, expected, got, errors)


def _case(level: Level, outcome: Outcome) -> CaseReport:
    is_wrong = outcome.is_failure
    difference = Difference(
        "intermediate_grads/layer0.attn_scores", WRONG_AT, WRONG_AT, "-0.0103", "-0.0125",
        1.4e14, 6, 40,
    )  # fmt: skip
    tainted = is_wrong and level in (Level.TRAIN, Level.REPLICATE)
    return CaseReport(
        slug=SLUGS[level],
        level=level,
        about="gives the loss and all gradients",
        method=str(level),
        outcome=outcome,
        detail="6 of 40 numbers are outside of their budgets" if is_wrong else "",
        seconds=0.25,
        worst=1.4e14 if is_wrong else 0.13,
        worst_at=WRONG_AT if is_wrong else "/output/4",
        values=40,
        identical=30,
        ulps=3.0,
        differences=[difference] if is_wrong else [],
        tainted_by=SLUGS[Level.BACKWARD] if tainted else "",
        rerun=f"make conform PORT=swift CASE={SLUGS[level]} ARGS='--seed 2026'",
        log=["thread 'main' says: this is fine", "and goes on"] if is_wrong else [],
    )


def _level(case: CaseReport) -> LevelReport:
    asked = int(case.outcome is not Outcome.NOT_OFFERED)
    passed = int(case.outcome is Outcome.PASS)
    place = f"{case.slug}#{case.worst_at}" if asked else ""
    return LevelReport(case.level, case.outcome, passed, asked, 1, case.worst, place)


def _explained() -> NamedMistake:
    return NamedMistake(
        slugs=["softmax-grad-sign"],
        titles=["The softmax's gradient adds the mean where it must subtract it"],
        what=["w * (g + sum(w * g)) stands for w * (g - sum(w * g))."],
        why=["The sign is lost when the Jacobian diag(w) - w wᵀ is multiplied out by hand."],
        mend=["Subtract the weighted mean of the gradients before you multiply by the weights."],
        explains=4192,
        values=4192,
        worst=0.4,
        cases=[SLUGS[Level.BACKWARD], SLUGS[Level.TRAIN]],
        experiments=["With two equal scores, this name gives 0.25 and its twin 0.5."],
    )


def loss_curves(steps: int) -> LossCurves:
    draw = random.Random(5)
    reference = [2.2 + 1.1 * math.exp(-n / 80) + draw.gauss(0, 0.08) for n in range(steps)]
    budgets = [1e-13 * 1.06**n for n in range(steps)]
    port = [
        loss + budget * (draw.gauss(0, 0.2) if n < 180 else draw.gauss(0, 2.5))
        for n, (loss, budget) in enumerate(zip(reference, budgets, strict=True))
    ]
    return LossCurves("train/cold-start", 0, [*reference], [*budgets], [*port])


def _hostile(found: Any, texts: random.Random) -> Any:
    if not isinstance(found, msgspec.Struct):
        return found
    hints = typing.get_type_hints(type(found))
    changed: dict[str, Any] = {}
    for name, hint in hints.items():
        value = getattr(found, name)
        if hint is str:
            changed[name] = " ".join(texts.sample(HOSTILE, len(HOSTILE)))
        elif hint == list[str]:
            changed[name] = list(HOSTILE)
        elif isinstance(value, list):
            changed[name] = [_hostile(item, texts) for item in value]
        else:
            changed[name] = _hostile(value, texts)
    return msgspec.structs.replace(found, **changed)
