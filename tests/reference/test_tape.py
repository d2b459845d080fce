"""The tape: the canonical program at machine speed, bit for bit what the scalar program gives."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conformance.anatomy.small_functions import function_of
from conformance.cases.by_level.autograd import fresh_expression
from ports_adapter.messages import EvaluateParams
from reference.activation import ACTIVATIONS
from reference.adam import adam
from reference.config import Config
from reference.corpus import embedded_corpus, read_corpus
from reference.data import names_path
from reference.model import initial_weights
from reference.program import Run
from reference.sampling import next_logits
from reference.state import State
from reference.tape import cache, replay
from reference.tape.machine import FlatState, Machine, TapeRun, flat, tape_of
from reference.tape.power import roots, squares
from reference.tape.recording import record, record_function
from reference.tape.tape import Tape
from reference.training import evaluate, train
from tests.support.suite import ROOT


def same_bits(a: object, b: object) -> bool:
    return np.array_equal(np.asarray(a), np.asarray(b))


Situation = tuple[Config, int, list[int], int]
"""A configuration, a vocabulary's size, a document's tokens, and a seed for the weights."""


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    head_dim, n_head = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    config = Config(
        n_embd=head_dim * n_head,
        n_head=n_head,
        n_layer=draw(st.integers(1, 3)),
        block_size=draw(st.integers(1, 6)),
        activation=draw(st.sampled_from(sorted(ACTIVATIONS))),
        tied=draw(st.booleans()),
        init_std=draw(st.sampled_from([0.02, 0.08, 0.3])),
        num_steps=10,
    )
    vocab_size = draw(st.integers(2, 9))
    letters = draw(st.lists(st.integers(0, vocab_size - 1), max_size=7))
    return config, vocab_size, [vocab_size - 1, *letters, vocab_size - 1], draw(st.integers(0, 99))


@pytest.mark.slow
@given(situations())
@settings(max_examples=50, deadline=None)
def test_a_replay_is_the_scalar_program_bit_for_bit(situation: Situation) -> None:
    config, vocab_size, tokens, seed = situation
    weights = initial_weights(config, vocab_size, random.Random(seed))
    right = evaluate(weights, tokens, config)
    assume(np.isfinite(flat(right.grads)).all())  # NaN is not equal to itself
    machine = Machine(config, vocab_size)
    assert machine.evaluation(machine.evaluate(flat(weights), tokens)) == right


@pytest.mark.slow
@given(st.integers(0, 10**6), st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_any_expression_is_replayed_bit_for_bit(seed: int, number: int) -> None:
    question = EvaluateParams(nodes=fresh_expression(seed, number).nodes)
    function = function_of("evaluate", question)
    graph = function.graph()
    graph.root.backward()
    tape = record_function(function.numbers, function.output, function.build)
    inputs = np.array(function.numbers[""], np.float64)
    values, gradients = np.empty(tape.num_slots), np.empty(tape.num_slots)
    replay.evaluate(
        tape.forward, tape.backward, tape.tables, tape.constants, tape.root,
        np.empty(0, np.int64), 0, inputs, values, gradients,
    )  # fmt: skip
    assert values[tape.root] == graph.root.data
    assert same_bits(gradients[: inputs.size], [leaf.grad for leaf in graph.leaves[""]])


@pytest.mark.thorough
@pytest.mark.needs("names.txt")
def test_a_thousand_steps_on_names_are_the_scalar_programs_bit_for_bit() -> None:
    path = names_path()
    assert path is not None
    run = Run.prepare(Config(), 42, read_corpus(path))
    documents = [run.tokenizer.encode(document) for document in run.documents[:1000]]
    machine = Machine(run.config, run.tokenizer.vocab_size)
    fast = machine.train(FlatState.of(run.state), documents)
    for slow, quick in zip(train(run.state, documents, run.config), fast, strict=True):
        assert slow.evaluation.loss == quick.replay.loss
        assert same_bits(slow.evaluation.logits, quick.replay.logits)
        assert same_bits(flat(slow.evaluation.grads), quick.replay.grads)
        assert slow.learning_rate == quick.learning_rate
        for part in ("weights", "m", "v"):
            assert same_bits(flat(getattr(slow.state, part)), getattr(quick.state, part)), part
    assert slow.index == 999


@pytest.mark.slow
@given(situations())
@settings(max_examples=15, deadline=None)
def test_logits_of_a_document_so_far_are_the_scalar_programs(situation: Situation) -> None:
    config, vocab_size, tokens, seed = situation
    weights = initial_weights(config, vocab_size, random.Random(seed))
    machine, scalar = Machine(config, vocab_size), next_logits(weights, config)
    for length in range(1, min(len(tokens), config.block_size) + 1):
        right = [logit.data for logit in scalar(tokens[:length])]
        assert machine.logits(flat(weights), tokens[:length]).tolist() == right


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.5, 1.7])
def test_a_run_on_the_tape_draws_the_same_samples_from_the_same_generator(
    temperature: float,
) -> None:
    config = Config(n_embd=8, n_head=2, block_size=6, num_steps=5, temperature=temperature)
    slow, quick = (kind.prepare(config, 5, embedded_corpus()) for kind in (Run, TapeRun))
    for (loss, weights), (tape_loss, tape_weights) in zip(  # noqa: B007
        slow.losses(), quick.losses(), strict=True
    ):
        assert loss == tape_loss
    assert list(slow.samples(weights)) == list(quick.samples(tape_weights))
    assert slow.generator.getstate() == quick.generator.getstate()


@given(
    st.lists(st.floats(allow_nan=False, width=64), min_size=4, max_size=4),
    st.integers(0, 999),
)
@settings(deadline=None)
def test_an_update_is_the_scalar_programs_for_any_numbers(numbers: list[float], step: int) -> None:
    w, m, v, g = (min(max(x, -1e100), 1e100) for x in numbers)
    state = State(step, {"w": [[w, 0.5]]}, {"w": [[m, 0.0]]}, {"w": [[abs(v), 0.0]]})
    right = adam(state, {"w": [[g, 0.0]]}, Config())
    machine = Machine(Config(), 3)
    updated, rate = machine.update(FlatState.of(state), np.array([g, 0.0]))
    assert rate == Config().learning_rate_at(step)
    for part in ("weights", "m", "v"):
        assert same_bits(getattr(updated, part), flat(getattr(right, part))), part


@pytest.mark.parametrize(("shortcut", "exponent"), [(squares, 2.0), (roots, 0.5)])
def test_squares_and_roots_are_those_of_pow(shortcut: object, exponent: float) -> None:
    generator = np.random.default_rng(1)
    values = np.exp(generator.uniform(-300, 300, 1_000_000))
    values[:4] = 0.0, 5e-324, 1e-170, 1e154
    out = np.empty_like(values)
    shortcut(values, exponent, out, values.size)  # type: ignore[operator]
    assert same_bits(out, [value**exponent for value in values.tolist()])


@pytest.mark.slow
def test_a_large_model_fits_on_a_tape_that_is_small() -> None:
    tape = record(Config(n_embd=128, n_head=4, n_layer=1, block_size=64), 27, 8)
    multiply_adds = 8 * (12 * 128**2 + 27 * 128)
    assert (len(tape.forward) + len(tape.backward)) * 100 < multiply_adds


def test_single_precision_stays_near_double() -> None:
    weights = initial_weights(Config(), 27, random.Random(3))
    tokens = [26, 4, 12, 12, 0, 26]
    double = Machine(Config(), 27).evaluate(flat(weights), tokens)
    single = Machine(Config(), 27, np.float32).evaluate(flat(weights, np.float32), tokens)
    assert single.values.dtype == single.gradients.dtype == np.float32
    assert abs(single.loss - double.loss) < 1e-6
    assert single.loss != double.loss
    assert np.abs(single.grads - double.grads).max() < 1e-6


def tape_of_a_small_model() -> Tape:
    """A tape that is recorded, or read from the disk."""
    tape_of.cache_clear()
    return tape_of(Config(n_embd=4, n_head=2), 5, 3)


def test_a_tape_comes_back_from_the_disk_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MICROGPT_CACHE", str(tmp_path))
    recorded, loaded = tape_of_a_small_model(), tape_of_a_small_model()
    assert len(list(cache.folder(cache.TAPES).iterdir())) == 1
    for name in recorded.__dataclass_fields__:
        assert cache.packed(getattr(recorded, name)) == cache.packed(getattr(loaded, name))


def test_a_damaged_tape_is_recorded_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICROGPT_CACHE", str(tmp_path))
    tape_of_a_small_model()
    (file,) = cache.folder(cache.TAPES).iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert tape_of_a_small_model().positions == 3


def test_where_nothing_can_be_written_tapes_are_recorded_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MICROGPT_CACHE", str(tmp_path / "file" / "below"))
    assert tape_of_a_small_model().positions == 3


def printed_by(folder: Path, program: str) -> str:
    """What a Python program prints that finds a copy of the reference in a folder."""
    environment = os.environ | {"PYTHONPATH": str(folder), "MICROGPT_CACHE": str(folder / "c")}
    command = [sys.executable, "-c", program]
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


@pytest.mark.slow
def test_kernels_and_tapes_of_another_state_of_the_source_are_not_used(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "reference", tmp_path / "reference")
    program = (
        "import numpy as np; from reference.tape.power import squares; "
        "from reference.tape.cache import source_sha256; "
        "out = np.empty(1); squares(np.array([3.0]), 2.0, out, 1); print(out[0], source_sha256())"
    )
    squared, key = printed_by(tmp_path, program).split()
    before = set((tmp_path / "c" / "kernels").iterdir())
    kernels = tmp_path / "reference" / "tape" / "kernels.py"
    kernels.write_text(kernels.read_text() + "\n# another state of the source\n")
    squared_again, other_key = printed_by(tmp_path, program).split()
    assert squared == squared_again == "9.0"
    assert len(set((tmp_path / "c" / "kernels").iterdir()) - before) == 1
    assert key != other_key
