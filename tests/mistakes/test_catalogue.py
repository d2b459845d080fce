"""The catalogue: every known mistake is described, can be made, and is taken back."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from conformance.anatomy.levels import Level
from conformance.judging.outcome import ExitCode
from conformance.mistakes import MISTAKES, VARIANTS, Patch, applied
from conformance.mistakes.mistake import mistake_at
from conformance.mistakes.patched_tape import is_scalar_only, on_tape
from conformance.mistakes.patching import CLASSES, MODULES, SEAMS
from conformance.mistakes.seams import model as model_seams
from conformance.mistakes.seams import sampling
from conformance.mistakes.seams import training as training_seams
from conformance.mistakes.single_precision import single_precision
from conformance.oracle import reference_answer
from reference.tape.machine import flat
from tests.support.small_questions import SHORT, SMALL, answered, model, questions
from tests.support.suite import oracle_port, outcomes, run_suite


@cache
def right(level: Level) -> list[str]:
    return [answered(question) for question in questions(level)]


@cache
def telling(slug: str) -> int:
    """The first of its level's questions that a mistake answers wrongly."""
    entry = MISTAKES[slug]
    expected = right(entry.level)
    with applied(entry.patch()):
        for number, question in enumerate(questions(entry.level)):
            if answered(question) != expected[number]:
                return number
    pytest.fail(f"nothing tells of {slug}")


def everything() -> dict[str, dict[str, Any]]:
    owners: dict[str, Any] = {**MODULES, **CLASSES, **SEAMS}
    return {name: dict(vars(owner)) for name, owner in owners.items()}


@pytest.mark.parametrize("slug", MISTAKES)
def test_every_entry_has_all_its_words(slug: str) -> None:
    entry = MISTAKES[slug]
    assert entry.slug == slug == slug.lower()
    assert entry.title == entry.title.strip(". ") != ""
    for words in (entry.what, entry.why, entry.mend):
        assert words.endswith((".", "?"))
        assert "  " not in words
    assert entry.languages


def test_titles_are_as_unique_as_slugs() -> None:
    assert len({entry.title for entry in MISTAKES.values()}) == len(MISTAKES)


def test_a_slug_is_entered_once() -> None:
    def bos_is_0() -> Patch:
        return {}

    enter = mistake_at(Level.TOKENIZER)("A title", what="", why="", mend="")
    with pytest.raises(ValueError, match="two mistakes are called bos-is-0"):
        enter(bos_is_0)


def test_entries_stand_in_the_order_of_their_levels() -> None:
    levels = list(Level)
    places = [levels.index(entry.level) for entry in MISTAKES.values()]
    assert places == sorted(places)


def test_twins_know_each_other_and_how_they_are_told_apart() -> None:
    for slug, entry in MISTAKES.items():
        for other, experiment in entry.twins.items():
            assert other != slug
            assert MISTAKES[other].twins[slug] == experiment
            assert experiment.endswith(".")


@pytest.mark.slow
@pytest.mark.sampled(25)
@pytest.mark.parametrize("slug", MISTAKES)
def test_a_mistake_changes_what_its_level_answers_and_is_taken_back_wholly(slug: str) -> None:
    before = everything()
    number = telling(slug)
    assert everything() == before
    level = MISTAKES[slug].level
    assert answered(questions(level)[number]) == right(level)[number]


@pytest.mark.slow
@pytest.mark.sampled(10)
@pytest.mark.parametrize("slug", MISTAKES)
def test_a_mistake_starts_afresh_wherever_it_is_made(slug: str) -> None:
    entry = MISTAKES[slug]
    question = questions(entry.level)[telling(slug)]
    answers = []
    for _ in range(2):
        with applied(entry.patch()):
            answers.append(answered(question))
    assert answers[0] == answers[1]


@pytest.mark.slow
@pytest.mark.sampled(10)
@pytest.mark.parametrize("slug", MISTAKES)
def test_a_mistake_is_one_in_single_precision_too_unless_it_says_otherwise(slug: str) -> None:
    entry = MISTAKES[slug]
    asked = questions(entry.level)[telling(slug) :]
    with applied(single_precision()):
        for question in asked:
            honest = answered(question)
            with applied(entry.patch()):
                if entry.only_in_double or answered(question) != honest:
                    return
    pytest.fail("no difference")


SEAM_FUNCTIONS: tuple[Callable[..., Any], ...] = (
    model_seams.gpt, model_seams.attention, training_seams.document_loss, training_seams.adam,
    training_seams.train, sampling.sample_from,
)  # fmt: skip


@pytest.mark.parametrize(
    "level", [Level.FORWARD, Level.BACKWARD, Level.ADAM, Level.TRAIN, Level.SAMPLE, Level.REPLICATE]
)
def test_the_program_with_its_seams_is_the_program(level: Level) -> None:
    with applied({function.__name__: function for function in SEAM_FUNCTIONS}):
        assert [answered(question) for question in questions(level)] == right(level)


def test_a_patch_of_what_the_program_has_not_is_refused() -> None:
    with (
        pytest.raises(KeyError, match="no function no_such_function"),
        applied({"no_such_function": None}),
    ):
        pass


TAPED = {
    name: patch
    for name, patch in {
        **{slug: entry.patch for slug, entry in MISTAKES.items()},
        **VARIANTS,
    }.items()
    if name in VARIANTS or MISTAKES[name].level in (Level.LAYERS, Level.FORWARD, Level.BACKWARD)
}


@pytest.mark.sampled(10)
@pytest.mark.parametrize("name", TAPED)
def test_what_is_on_tape_computes_what_it_computes_by_scalars(name: str) -> None:
    patch = TAPED[name]
    if is_scalar_only(patch()):
        pytest.skip("patches the scalars themselves")
    question = ("backward", model(SMALL, SHORT))
    with applied(patch()):
        scalar: Any = reference_answer.answer(*question)
    with applied(on_tape()), applied(patch()):
        taped: Any = reference_answer.answer(*question)
    for got, expected in ((taped.losses, scalar.losses), (flat(taped.grads), flat(scalar.grads))):
        assert list(got) == pytest.approx(list(expected), rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.thorough
def test_the_program_in_single_precision_passes() -> None:
    report = run_suite(
        oracle_port("--float32"), "autograd", "layers", "forward/two-*", "forward/warm*",
        "backward/two-*", "adam", "train/document-*", "random", "sample", "tokenizer",
    )  # fmt: skip
    assert {slug for slug, outcome in outcomes(report).items() if outcome != "pass"} == set()
    assert report.exit_code is ExitCode.PASS
    assert report.grade.startswith("float32")


@pytest.mark.slow
def test_numbers_that_are_not_finite_are_spelt_out() -> None:
    report = run_suite(oracle_port("rms-epsilon-missing"), "layers/rmsnorm-zeros")
    assert [difference.got for difference in report.cases[0].differences] == ["nan", "inf"]
