"""The catalogue: every known mistake is described, can be made, and is taken back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from msgspec import structs

from conformance.anatomy.levels import Level
from conformance.cases.budget_origin import offer_of
from conformance.cases.by_level import autograd, generator, layers, tokenizer
from conformance.cases.by_level.sampling import certain_of
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
from conformance.oracle.reference_answer import optimizer_of, sizes_of
from golden.trace import floats
from ports_adapter.messages import (
    AdamParams,
    ModelParams,
    ReplicateParams,
    SampleParams,
    StepParams,
    TrainParams,
)
from reference.config import Config
from reference.model import initial_weights
from tests.support.suite import oracle_port, outcomes, run_suite

Question = tuple[str, Any]

VOCABULARY = 5
SMALL = Config(n_embd=4, n_head=2, n_layer=2, block_size=4, init_std=0.5, num_steps=6)
LONGER = Config(n_embd=4, n_head=2, n_layer=1, block_size=12, init_std=0.5)
TINY = Config(n_embd=2, n_head=1, n_layer=1, block_size=2)
SHORT, CUT, LONG = [4, 0, 3, 4], [4, 1, 0, 2, 2, 3, 4], [4, 0, 1, 2, 3, 0, 1, 2, 0, 4]


def weights_of(config: Config, seed: str, std: float | None = None, vocabulary: int = 5) -> Any:
    drawn = initial_weights(config, vocabulary, random.Random(seed))
    if std is None:
        return drawn
    return {
        name: [[w / config.init_std * std for w in row] for row in m] for name, m in drawn.items()
    }


def model(config: Config, tokens: list[int]) -> ModelParams:
    return ModelParams(
        profile="microgpt",
        sizes=sizes_of(config),
        weights=weights_of(config, "model"),
        tokens=tokens,
        intermediates=True,
    )


def update(step: int, num_steps: int, std: float, *, fresh: bool = False) -> AdamParams:
    """A step's update, the last row of every matrix without a gradient."""
    config = Config(n_embd=2, n_head=1, n_layer=1, block_size=2, num_steps=num_steps)
    grads = weights_of(TINY, "grads", std)
    before = weights_of(TINY, "m", 0.0 if fresh else 0.1)
    return AdamParams(
        profile="microgpt",
        sizes=sizes_of(config),
        optimizer=optimizer_of(config),
        step=step,
        weights=weights_of(TINY, "weights"),
        m=before,
        v={name: [[x * x for x in row] for row in rows] for name, rows in before.items()},
        grads={name: [*rows[:-1], [0.0] * len(rows[-1])] for name, rows in grads.items()},
    )


def training() -> TrainParams:
    zeros = weights_of(SMALL, "zeros", 0.0)
    return TrainParams(
        profile="microgpt",
        sizes=sizes_of(SMALL),
        optimizer=optimizer_of(SMALL),
        step=1,
        weights=weights_of(SMALL, "model"),
        m=zeros,
        v=zeros,
        documents=[SHORT, [4, 2, 4]],
        steps=3,
        record="full",
    )


def sample(temperature: float, uniforms: list[float]) -> SampleParams:
    return SampleParams(
        profile="microgpt",
        sizes=sizes_of(LONGER),
        weights=weights_of(LONGER, "sample", 0.8),
        temperature=temperature,
        uniforms=uniforms,
    )


def impossible() -> SampleParams:
    """All tokens but one have probability 0, the first one, too."""
    question = sample(1.0, [0.0] * 14)
    return structs.replace(question, weights=certain_of(1, floats(question.weights)))


def program() -> ReplicateParams:
    return ReplicateParams(
        profile="microgpt",
        sizes=sizes_of(SMALL),
        optimizer=optimizer_of(SMALL),
        seed=42,
        init_std=0.8,
        temperature=1.0,
        num_samples=12,
        text="ab\nba\ncab\nbbc\nb\n",
    )


@cache
def questions(level: Level) -> list[Question]:
    """Small questions that between them tell of every mistake of a level."""
    whole = {
        Level.TOKENIZER: tokenizer.cases,
        Level.AUTOGRAD: autograd.cases,
        Level.LAYERS: layers.cases,
        Level.RANDOM: generator.cases,
    }
    if level in whole:
        offer = offer_of("float64")
        return [(case.method, case.question(offer)) for case in whole[level](1)]
    documents = [(SMALL, SHORT), (SMALL, CUT), (LONGER, LONG)]
    drawn = random.Random("uniforms")
    asked: dict[Level, list[Any]] = {
        Level.FORWARD: [model(*pair) for pair in documents],
        Level.BACKWARD: [model(*pair) for pair in documents],
        Level.ADAM: [
            update(0, 1000, 1.0, fresh=True),
            update(2, 1000, 1.0),
            update(2, 5000, 0.01),
        ],
        Level.TRAIN: [training()],
        Level.SAMPLE: [
            *(sample(heat, [drawn.random() for _ in range(14)]) for heat in (0.3, 1.5) * 3),
            sample(1.0, [0.0] * 14),
            sample(1.0, [1 - 2.0**-53] * 14),
            impossible(),
        ],
        Level.REPLICATE: [program()],
    }
    return [(str(level), params) for params in asked[level]]


def answered(question: Question) -> Any:
    """All numbers of an answer and of its steps, or how it ended."""
    steps: list[StepParams] = []
    try:
        result = reference_answer.answer(*question, steps.append)
    except (ArithmeticError, ValueError, RecursionError) as error:
        return type(error).__name__
    return repr(msgspec.to_builtins([result, steps], enc_hook=float))


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


def test_there_are_over_ninety() -> None:
    assert len(MISTAKES) > 90


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
@pytest.mark.sampled(40)
@pytest.mark.parametrize("slug", MISTAKES)
def test_a_mistake_changes_what_its_level_answers_and_is_taken_back_wholly(slug: str) -> None:
    before = everything()
    number = telling(slug)
    assert everything() == before
    level = MISTAKES[slug].level
    assert answered(questions(level)[number]) == right(level)[number]


@pytest.mark.slow
@pytest.mark.sampled(15)
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
@pytest.mark.sampled(15)
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
        scalar = reference_answer.answer(*question)
    with applied(on_tape()), applied(patch()):
        taped = reference_answer.answer(*question)
    for part in ("losses", "grads"):
        for got, expected in zip(numbers_of(taped, part), numbers_of(scalar, part), strict=True):
            assert got == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


def numbers_of(answer: Any, part: str) -> list[float]:
    """All numbers of a part, one after the other."""

    def flat(nested: Any) -> Iterator[float]:
        if isinstance(nested, float | int):
            yield nested
        else:
            for inside in nested.values() if isinstance(nested, dict) else nested:
                yield from flat(inside)

    return list(flat(getattr(answer, part)))


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
