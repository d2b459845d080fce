"""The programs that the sources describe, and variations of them."""

import random
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from reference import by_hand
from reference.config import Config
from reference.corpus import corpus_of, embedded_corpus
from reference.model import initial_weights
from reference.profiles import (
    EARLY_REVISION,
    FIRST_REVISION,
    MICROGPT,
    PROFILES,
    STAGES,
    TRAIN0,
    TRAIN1,
    TRAIN2,
    TRAIN3,
)
from reference.program import Run
from reference.sampling import choose_by, document_from
from reference.tape.machine import FlatState, Machine
from reference.tokenizer import Tokenizer
from reference.training import differentiate, evaluate
from tests.reference.test_reference import NAMES, needs_names, reference
from tests.support.command import conformance
from tests.support.suite import ROOT, unwrapped

DIFFERENTIABLE = [name for name, p in PROFILES.items() if p.config.gradient != "none"]


def test_the_last_stage_is_the_final_program() -> None:
    assert STAGES[-1].config == MICROGPT.config == Config()


def test_each_stage_changes_little_of_the_one_before() -> None:
    changed = [
        [
            name
            for name in Config.__dataclass_fields__
            if getattr(a.config, name) != getattr(b.config, name)
        ]
        for a, b in pairwise(STAGES)
    ]
    assert changed == [
        ["model", "gradient", "optimizer", "schedule", "temperature"],
        ["gradient"],
        ["model", "learning_rate"],
        ["n_head", "model"],
        ["optimizer", "learning_rate"],
    ]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("train0", 729), ("train1", 3184), ("train2", 3184), ("train3", 4192), ("train4", 4192),
        ("train5", 4192), ("first-revision", 3648), ("early-revision", 4064), ("microgpt", 4192),
    ],
)  # fmt: skip
def test_a_profile_has_as_many_parameters_as_published(name: str, parameters: int) -> None:
    profile = PROFILES[name]
    assert Run.prepare(profile.config, profile.seed, embedded_corpus()).num_params == parameters


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_prints_the_same_on_the_tape_to_the_last_digit(name: str) -> None:
    small = ("--steps", "6", "--set", "num_samples=4")
    arguments = ("--profile", name, "--embedded", "--digits", "17", *small)
    scalar, tape = reference(*arguments), reference(*arguments, "--tape")
    assert scalar.stdout.count("sample ") == 4
    assert (tape.stdout, tape.stderr, tape.returncode) == (scalar.stdout, "", 0)


@pytest.mark.slow
@pytest.mark.sampled(1)
@needs_names
@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_on_names_is_the_same_from_run_to_run(name: str) -> None:
    arguments = ("--profile", name, "--corpus", str(NAMES), "--digits", "17", "--tape")
    once, again = reference(*arguments), reference(*arguments)
    assert once.returncode == 0
    assert once.stdout == again.stdout
    steps = PROFILES[name].config.num_steps
    losses = [float(loss) for loss in re.findall(r"^step.* \| loss (\S+)$", once.stdout, re.M)]
    assert len(losses) == steps
    assert np.mean(losses[-100:]) < np.mean(losses[:20])


def test_counting_prints_the_most_frequent_bigrams() -> None:
    run = Run.prepare(replace(TRAIN0.config, num_steps=3), 1, corpus_of("it", b"ab\nab\nab\n"))
    *_, (_, weights) = run.losses()
    assert weights["counts"] == [[0, 3, 0], [0, 0, 3], [3, 0, 0]]
    printed = reference("--profile", "train0", "--embedded", "--steps", "50").stdout
    assert re.search(r"^bigram counts \| \S\S \d+ ", printed, re.M)


def test_a_document_s_loss_is_taken_before_it_is_counted() -> None:
    run = Run.prepare(replace(TRAIN0.config, num_steps=2), 1, corpus_of("it", b"ab\n"))
    first, second = (loss for loss, _ in run.losses())
    assert first == pytest.approx(np.log(3))
    assert second == pytest.approx(-np.log(2 / 4))


@pytest.mark.slow
def test_the_gradient_by_hand_is_checked_and_says_so() -> None:
    small = ("--set", "n_embd=4", "num_samples=1")
    printed = reference(
        "--profile", "train1", "--embedded", "--steps", "1", "--digits", "17", *small
    )
    line = next(line for line in printed.stdout.splitlines() if line.startswith("gradient check"))
    found = re.fullmatch(r"gradient check \| loss_n (\S+) \| loss_a (\S+) \| max diff (\S+)", line)
    assert found
    assert found[1] == found[2]
    assert 0 < float(found[3]) < 1e-6


@pytest.mark.slow
def test_a_wrong_gradient_by_hand_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.prepare(TRAIN1.config, 42, corpus_of("three letters", b"owl\n"))
    right = run.gradient_check().largest_difference
    own = by_hand.backward_at

    def flipped(*arguments: object) -> None:
        own(*arguments)  # type: ignore[arg-type]
        arguments[-1][0][0] += 0.01  # type: ignore[index]

    monkeypatch.setattr(by_hand, "backward_at", flipped)
    assert run.gradient_check().largest_difference > 1000 * right


def test_by_hand_and_by_autograd_the_gradient_is_the_same_within_rounding() -> None:
    config, generator = TRAIN1.config, random.Random(3)
    weights = initial_weights(config, 27, generator)
    tokens = [26, 3, 3, 0, 14, 26]
    own, other = evaluate(weights, tokens, config), differentiate(weights, tokens, TRAIN2.config)
    assert own.logits == other.logits
    assert own.loss == pytest.approx(other.loss, rel=1e-14)
    for name in weights:
        assert np.allclose(own.grads[name], other.grads[name], rtol=1e-12, atol=1e-17)


@pytest.mark.slow
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_the_tape_trains_every_profile_bit_for_bit(name: str) -> None:
    config = replace(PROFILES[name].config, num_steps=4)
    run = Run.prepare(config, 7, corpus_of("it", b"owl\nsnow goose\nit\nq\n"))
    machine = Machine(config, run.tokenizer.vocab_size)
    fast = [machine.unpacked(s) for s in machine.train(FlatState.of(run.state), run.tokens())]
    assert fast == list(run.steps())


def test_the_earlier_revisions_begin_with_residual_branches_of_0() -> None:
    weights = initial_weights(EARLY_REVISION.config, 27, random.Random(42))
    assert not np.any(weights["layer0.attn_wo"])
    assert not np.any(weights["layer0.mlp_fc2"])
    plain = initial_weights(
        replace(EARLY_REVISION.config, init_std_out=None), 27, random.Random(42)
    )
    assert weights["layer0.mlp_fc1"] == plain["layer0.mlp_fc1"]


def test_the_learning_rate_of_the_earlier_revisions_follows_a_cosine() -> None:
    rates = [EARLY_REVISION.config.learning_rate_at(step) for step in (0, 250, 500)]
    assert rates == pytest.approx([0.01, 0.005, 0.0], abs=1e-15)


def test_the_first_revision_has_two_special_tokens_ahead_of_the_letters() -> None:
    tokenizer = Tokenizer.of(["ab"], FIRST_REVISION.config.special_tokens)
    assert tokenizer.encode("ba") == [0, 3, 2, 1]
    assert tokenizer.vocab_size == 4
    assert tokenizer.decode([2, 0, 3]) == "a<BOS>b"


def test_a_sample_of_the_first_revision_ends_at_its_own_token() -> None:
    tokens = document_from(
        lambda tokens: [1.0, 0.0, 0.0] if len(tokens) < 3 else [0.0, 1.0, 0.0],
        0, FIRST_REVISION.config, choose_by([0.5] * 8),
    )  # fmt: skip
    assert tokens == [0, 0]


def test_a_tied_model_learns_its_embedding_by_both_uses() -> None:
    config = replace(FIRST_REVISION.config, n_embd=4, n_head=2, init_std=0.3, init_std_out=None)
    weights = initial_weights(config, 6, random.Random(2))
    right = evaluate(weights, [0, 2, 3, 1], config)
    assert np.any(right.grads["wte"][5])
    for row, column in ((5, 1), (2, 0), (1, 3)):
        moved = {name: [list(r) for r in matrix] for name, matrix in weights.items()}
        moved["wte"][row][column] += 1e-6
        slope = (evaluate(moved, [0, 2, 3, 1], config).loss - right.loss) / 1e-6
        assert slope == pytest.approx(right.grads["wte"][row][column], rel=1e-3, abs=1e-7)


@pytest.mark.parametrize("name", ["train0", "train2"])
def test_a_model_without_positions_learns_from_whole_documents(name: str) -> None:
    config = PROFILES[name].config
    assert config.positions([0] * 41) == 40
    assert TRAIN3.config.positions([0] * 41) == 16


@pytest.mark.slow
@pytest.mark.sampled(1)
@needs_names
@pytest.mark.parametrize("page", ["stages.md", "stages.ko.md"])
def test_the_learner_s_page_has_the_figures_of_the_stages(page: str) -> None:
    sections = (ROOT / "docs/tutorial" / page).read_text().split("\n## ")
    for stage in STAGES:
        section = next(s for s in sections if s.startswith(f"`{stage.name}`"))
        told = set(re.findall(r"[23]\.\d{13,}", section))
        arguments = ("--profile", stage.name, "--corpus", str(NAMES), "--digits", "17", "--tape")
        lines = reference(*arguments).stdout.splitlines()
        losses = [line.rpartition(" ")[2] for line in lines if line.startswith("step")]
        assert told, stage.name
        assert told <= {losses[0], losses[-1]}
        assert losses[-1] in told


@pytest.mark.slow
def test_the_stages_side_by_side_are_told_and_drawn(tmp_path: Path) -> None:
    picture, page = tmp_path / "stages.svg", tmp_path / "stages.html"
    corpus = tmp_path / "a <b> & c.txt"
    corpus.write_text("owl\nwren\nsnow goose\n")
    run = conformance("stages", "--corpus", corpus, picture, page)
    assert run.returncode == 0
    rows = [line.split() for line in run.stdout.splitlines()[1:]]
    assert [row[0] for row in rows] == [stage.name for stage in STAGES]
    assert rows[1][2:4] == rows[2][2:4]
    drawing = ET.parse(picture).getroot()
    lines = drawing.findall("{*}g[@class='line']/{*}path[1]")
    assert [len(line.attrib["d"].split()) > 150 for line in lines] == [True] * len(STAGES)
    assert "a <b> & c.txt" in drawing.findtext("{*}title", "")
    assert "<title>Stages" in page.read_text()


@pytest.mark.slow
def test_a_picture_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    picture = tmp_path / "no" / "such" / "file"
    (tmp_path / "no").write_text("")
    run = conformance("stages", "--embedded", picture)
    assert run.returncode == 2
    assert "cannot be written to" in unwrapped(run.stderr)
