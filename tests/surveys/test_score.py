"""The suite's own score: kept in the repository, whole, and as good as it is said to be."""

import msgspec
import pytest

from conformance.judging.outcome import ExitCode
from conformance.mistakes import MISTAKES, VARIANTS
from conformance.surveys.score.honest_programs import try_out, variants
from conformance.surveys.score.kill_matrix import PAGE, load, page, readme, sentences, summary_of
from conformance.surveys.score.scoring import Scored, naming_of, score
from conformance.surveys.score.survey import exit_code, unscored
from tests.support.suite import ROOT

SCORE = load()
README = (ROOT / "README.md").read_text()


def test_every_known_mistake_has_been_scored_in_every_precision() -> None:
    assert unscored(()) == []


def test_every_known_mistake_is_caught() -> None:
    assert [(s.slug, s.precision) for s in SCORE.mistakes if not s.caught] == []


def test_no_mistake_is_named_as_another() -> None:
    assert [(s.slug, s.precision) for s in SCORE.mistakes if s.naming == "misnamed"] == []


def test_at_least_95_of_100_are_named_alone_or_with_their_twins() -> None:
    summary = summary_of(SCORE)
    assert summary.named >= 0.95 * summary.tried


def test_no_honest_program_was_failed() -> None:
    assert [(honest.name, honest.alarms) for honest in SCORE.honest if honest.alarms] == []
    assert {honest.name for honest in SCORE.honest} >= set(VARIANTS)


def test_the_page_and_the_readme_say_what_was_measured() -> None:
    assert PAGE.read_text() == page(SCORE)
    for sentence in (*sentences(SCORE), f"holds {len(MISTAKES)} mistakes"):
        assert sentence in README
    assert readme(README, SCORE) == README


def test_the_figures_in_the_readme_follow_the_score() -> None:
    missed = msgspec.structs.replace(SCORE.mistakes[0], caught=False)
    worse = msgspec.structs.replace(SCORE, mistakes=[missed], honest=[])
    written = readme(README, worse)
    for figure in ("holds 1 mistakes", "caught: 0 of 1", "caught-0_of_1", *sentences(worse)):
        assert figure in written
    assert len(written.splitlines()) == len(README.splitlines())


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    "slug",
    [pytest.param("rms-epsilon-1e-6", marks=pytest.mark.thorough), "adam-step-not-plus-1"],
)
def test_a_score_can_be_had_again(slug: str, precision: str) -> None:
    again = score(slug, precision)  # type: ignore[arg-type]
    kept = next(s for s in SCORE.mistakes if (s.slug, s.precision) == (slug, precision))
    assert (again.caught, again.level, again.naming) == (True, kept.level, "named")
    assert again.names == [[slug]]


@pytest.mark.parametrize(
    ("names", "verdict"),
    [
        ([["rms-epsilon-1e-6"]], "named"),
        ([["constant-learning-rate"], ["rms-epsilon-1e-6"]], "among others"),
        ([["rms-epsilon-1e-8"]], "misnamed"),
        ([], "not named"),
    ],
)
def test_a_name_is_judged(names: list[list[str]], verdict: str) -> None:
    assert naming_of("rms-epsilon-1e-6", names) == verdict


def test_twins_count_as_rightly_named_if_they_are_declared() -> None:
    slug = "constant-learning-rate"
    (twin, *_) = MISTAKES[slug].twins
    assert naming_of(slug, [[twin], [slug]]) == "among twins"


def test_a_mistake_that_no_case_catches_fails_the_score() -> None:
    missed = Scored("rms-epsilon-1e-6", "float64", False, "", "", 0, 47, [], 0.0)
    caught = msgspec.structs.replace(missed, caught=True, names=[["rms-epsilon-1e-6"]])
    assert exit_code(msgspec.structs.replace(SCORE, mistakes=[caught])) is ExitCode.PASS
    assert exit_code(msgspec.structs.replace(SCORE, mistakes=[missed])) is ExitCode.FAIL


@pytest.mark.thorough
def test_honest_programs_are_asked_the_fresh_cases_of_a_seed() -> None:
    programs = [p for p in variants() if "log-sum-exp" in p.name]
    assert len(programs) >= 2
    for honest in try_out(programs, [7], lambda _seed: None):
        assert honest.answers > 10
        assert honest.alarms == []
        assert 0 < honest.worst < 1
