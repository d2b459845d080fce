"""Cases of every profile, and ports that are on their way through the stages."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.anatomy.judged_program import PUBLISHED, JudgedProgram, stage_after
from conformance.anatomy.levels import Level
from conformance.cases import all_cases
from conformance.cases.budget_origin import offer_of
from conformance.cases.offer import doubtful_offer, not_offered
from conformance.cases.request import Request, Unusable
from conformance.judging.outcome import ExitCode, Outcome
from conformance.judging.report import Report
from conformance.reports.terminal.run_text import show
from conformance.runs.running import judge_port
from golden.goldens import load_budgets, load_trace
from golden.trace import full_steps
from ports_adapter.manifest import Port
from reference.profiles import PROFILES
from tests.support.suite import module_port, printed
from tests.support.transcripts import replayed, same


def learner(*arguments: str) -> Port:
    named = {"name": "a learner's port", "label": "../learner"}
    return module_port("tests.support.ports.learner", *arguments, **named)


def judged(
    port: Port, *patterns: str, profile: str | None = None, settings: Sequence[str] = ()
) -> Report:
    request = Request(port.label, patterns, 1, profile=profile, settings=settings)
    return judge_port(port, request)


def failed_levels(report: Report) -> set[Level]:
    return {case.level for case in report.cases if case.outcome.is_failure}


@pytest.mark.slow
@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_has_cases_of_every_level_that_it_has_methods_for(name: str) -> None:
    judged_program = JudgedProgram.of(name)
    cases = all_cases(1, "float64", judged_program)
    assert max(Counter(case.slug for case in cases).values()) == 1
    assert {case.profile for case in cases} == {name}
    asked = {case.method for case in cases if case.level is not Level.PROTOCOL}
    assert asked == set(judged_program.methods) - {"initialize", "shutdown"}
    fresh = {case.level for case in cases if "fresh" in case.slug}
    assert fresh == {case.level for case in cases} - {Level.PROTOCOL}
    order = [list(Level).index(case.level) for case in cases]
    assert order == sorted(order)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_has_a_golden_trace_and_budgets(name: str) -> None:
    trace = load_trace(name)
    assert (trace.profile, trace.config) == (name, PROFILES[name].config)
    full = [step.step for step, _ in full_steps(trace)]
    assert full[:2] == [0, 1]
    assert full[-3:] == [full[-1] - 2, full[-1] - 1, full[-1]]
    assert len(trace.samples) == 20
    for budgets in load_budgets(name).values():
        is_counted = trace.config.gradient == "none"
        assert bool(budgets.steps) is not is_counted
        assert bool(budgets.runs) is not is_counted


def test_the_stage_after_the_last_is_none() -> None:
    after = {name: stage_after(name) for name in PROFILES}
    assert {name: stage and stage.name for name, stage in after.items()} == {
        "train0": "train1", "train1": "train2", "train2": "train3", "train3": "train4",
        "train4": "train5", "train5": None, "first-revision": None, "early-revision": None,
        "microgpt": None,
    }  # fmt: skip


@pytest.mark.slow
def test_a_port_of_the_first_stage_alone_is_asked_about_that_told_what_comes_next_and_replayed(
    tmp_path: Path,
) -> None:
    path, port = tmp_path / "run.jsonl", learner("train0")
    report = judge_port(port, Request(port.label, (), 1, transcript=path))
    assert same(report, replayed(path))
    assert (report.exit_code, report.profile) == (ExitCode.PASS, "train0")
    text = printed(show, report, width=400)
    assert "a learner's port (Python, float64), profile train0" in text
    assert "Next: train1, an MLP on the current token" in text
    assert "make conform PORT=../learner PROFILE=train1" in text


@pytest.mark.slow
def test_of_several_stages_the_last_is_asked_about() -> None:
    report = judged(learner("train0,train1"), "sgd", "tokenizer")
    assert (report.exit_code, report.profile) == (ExitCode.PASS, "train1")


@pytest.mark.slow
def test_where_the_final_program_is_offered_it_is_asked_about() -> None:
    assert judged(learner("train0,microgpt"), "adam").profile == "microgpt"


A_CASE_OF_EACH = (
    "tokenizer", "forward/cold-step-1", "backward/cold-step-1", "sgd/last-step",
    "adam/last-step", "train/cold-start", "replicate/short-run",
)  # fmt: skip
"""A case or more of every level that a profile changes."""


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", ["train1", "first-revision"])
def test_a_right_port_of_a_profile_passes(name: str) -> None:
    report = judged(learner(name), *A_CASE_OF_EACH, profile=name)
    assert report.exit_code is ExitCode.PASS
    assert report.grade.startswith("bit-identical")


@pytest.mark.slow
def test_a_profile_that_a_port_does_not_offer_verifies_nothing() -> None:
    report = judged(learner("train0"), profile="train3")
    assert report.exit_code is ExitCode.NOTHING_VERIFIED
    outcomes = {case.outcome for case in report.cases if case.level is not Level.PROTOCOL}
    assert outcomes == {Outcome.NOT_OFFERED}
    assert "the profile train3" in next(c.detail for c in report.cases if c.level == "train")


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("profile", "slip", "levels"),
    [
        ("train0", "counted-before-the-loss", {Level.TRAIN, Level.REPLICATE}),
        ("train0", "no-smoothing", {Level.TRAIN, Level.REPLICATE}),
        ("train1", "rate-not-decayed", {Level.SGD, Level.TRAIN, Level.REPLICATE}),
        (
            "first-revision",
            "tied-gradient-of-the-output-lost",
            {Level.BACKWARD, Level.TRAIN, Level.REPLICATE},
        ),
        ("first-revision", "one-special-token", {Level.TOKENIZER, Level.REPLICATE}),
        ("early-revision", "linear-decay", {Level.ADAM, Level.TRAIN, Level.REPLICATE}),
    ],
)
def test_a_slip_fails_the_level_it_is_in_and_what_builds_on_it(
    profile: str, slip: str, levels: set[Level]
) -> None:
    report = judged(learner(profile, slip), *A_CASE_OF_EACH, profile=profile)
    assert failed_levels(report) == levels
    assert f"PROFILE={profile}" in next(c.rerun for c in report.cases if c.outcome.is_failure)


@pytest.mark.slow
def test_another_form_of_gelu_is_seen() -> None:
    patterns = ("layers/mlp-plain", "forward/cold-step-1", "backward/cold-step-1")
    right = judged(learner("microgpt"), *patterns, settings=["activation=gelu"])
    assert right.exit_code is ExitCode.PASS
    wrong = judged(learner("microgpt", "exact-gelu"), *patterns, settings=["activation=gelu"])
    assert failed_levels(wrong) == {Level.LAYERS, Level.FORWARD, Level.BACKWARD}


@pytest.mark.slow
def test_a_variation_is_asked_only_of_a_port_that_takes_it() -> None:
    patterns = ("layers/mlp-plain", "forward/cold-step-1")
    relu = judged(learner("microgpt", "--relu-alone"), *patterns, settings=["activation=gelu"])
    assert {case.outcome for case in relu.cases} == {Outcome.NOT_OFFERED}
    assert "the activation gelu" in relu.cases[0].detail
    bound = judged(learner("microgpt", "--published-sizes"), "forward", settings=["n_embd=8"])
    assert {case.outcome for case in bound.cases} == {Outcome.NOT_OFFERED}
    assert "other sizes" in bound.cases[0].detail


@pytest.mark.slow
def test_a_variation_of_sizes_is_judged_at_every_level() -> None:
    settings = ["n_embd=8", "block_size=8"]
    patterns = (
        "forward/cold-step-1", "backward/cold-step-1", "sgd/fresh", "train/cold-start",
        "sample/fresh", "replicate/short-run",
    )  # fmt: skip
    report = judged(learner("train4"), *patterns, profile="train4", settings=settings)
    assert report.exit_code is ExitCode.PASS
    assert {level.outcome for level in report.levels} == {Outcome.PASS}
    assert "profile train4 with n_embd=8, block_size=8" in printed(show, report, width=400)


@pytest.mark.parametrize(
    ("profile", "settings", "message"),
    [
        ("trian0", [], "is 'train0' meant"),
        ("train0", ["n_embd=8"], "train0 has no setting 'n_embd'"),
        ("microgpt", ["n_embd=6"], "n_head 4 does not divide n_embd 6"),
    ],
)
def test_a_program_that_there_is_not_is_refused(
    profile: str, settings: list[str], message: str
) -> None:
    with pytest.raises(Unusable, match=message) as refused:
        judged(learner("train0"), profile=profile, settings=settings)
    assert refused.value.exit_code is ExitCode.USAGE


def test_a_misspelt_profile_in_an_offer_is_doubted() -> None:
    offer = offer_of("float64")
    offer.profiles = ["trian3", "microgpt"]
    assert "is 'train3' meant?" in doubtful_offer(offer)
    offer.profiles = ["nanogpt"]
    assert "known profiles are train0" in doubtful_offer(offer)


@pytest.mark.slow
def test_the_published_program_is_asked_as_before() -> None:
    offer = offer_of("float64")
    offer.profiles = ["microgpt"]
    cases = all_cases(1, "float64", PUBLISHED)
    assert not any(not_offered(case, offer) for case in cases)
