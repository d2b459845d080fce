"""Settings: what varies a program, and what is said of those that there are not."""

import random
from itertools import product

import numpy as np
import pytest

from reference.corpus import embedded_corpus
from reference.model import initial_weights
from reference.profiles import MICROGPT, PROFILES
from reference.tape import balls
from reference.tape.balls import Enclosure
from reference.tape.machine import FlatState, Machine, TapeRun, flat
from reference.training import initial_state, train
from reference.variation import profile_named, settings_of, varied
from tests.reference.test_reference import reference
from tests.support.suite import unwrapped


@pytest.mark.slow
@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("n_embd", "n_head", "n_layer"), list(product((8, 16, 32), (1, 2, 4), (1, 2, 4)))
)
def test_mission_a_is_the_same_by_scalars_and_on_the_tape(
    n_embd: int, n_head: int, n_layer: int
) -> None:
    sizes = [f"n_embd={n_embd}", f"n_head={n_head}", f"n_layer={n_layer}", "num_steps=2"]
    config = varied(MICROGPT, sizes)
    weights = initial_weights(config, 5, random.Random(1))
    tokens = [[4, 0, 1, 4], [4, 3, 4]]
    machine, state = Machine(config, 5), initial_state(weights, config)
    fast = [machine.unpacked(step) for step in machine.train(FlatState.of(state), tokens)]
    assert fast == list(train(state, tokens, config))


def test_gelu_and_its_gradient_lie_in_their_enclosures() -> None:
    config = varied(MICROGPT, ["activation=gelu", "init_std=0.6"])
    weights = initial_weights(config, 27, random.Random(5))
    tokens = [26, 7, 4, 17, 17, 26]
    machine = Machine(config, 27)
    replay = machine.evaluate(flat(weights), tokens)
    exact = balls.evaluate(replay.tape, flat(weights), tokens)
    enclosed = Enclosure.of(exact.gradients[: replay.tape.num_params])
    scale = np.abs(replay.grads).max()
    assert (enclosed.radius <= 1e-30 * scale).all()
    assert (np.abs(replay.grads - enclosed.high) <= 64 * 2.0**-53 * scale).all()
    hidden = flat({"": np.asarray(replay.intermediates()["layer0.mlp_hidden"])})
    assert hidden.min() < -1 < 1 < hidden.max()


@pytest.mark.slow
def test_other_temperatures_sample_otherwise() -> None:
    run = [
        TapeRun.prepare(
            varied(MICROGPT, [f"temperature={t}", "num_steps=30"]), 42, embedded_corpus()
        )
        for t in (0.2, 0.5, 1.0)
    ]
    samples = [list(each.samples(each.weights)) for each in run]
    assert len({tuple(found) for found in samples}) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "trian3"), "no profile is called 'trian3': is 'train3' meant?"),
        (("--profile", "early"), "is 'early-revision' meant"),
        (("--profile", "train9"), "There are train0, train1, train2, train3, train4, train5"),
        (("--set", "n_emb=32"), "microgpt has no setting 'n_emb': is 'n_embd' meant?"),
        (("--set", "n_embd"), "'n_embd' is no setting: write NAME=VALUE, as in n_embd=32"),
        (("--set", "n_embd=3.5"), "n_embd is '3.5'; it must be a whole number"),
        (("--set", "temperature=hot"), "temperature is 'hot'; it must be a number"),
        (("--set", "temperature=0"), "temperature is 0.0; it must be above 0"),
        (("--set", "activation=tanh"), "it must be one of relu, squared_relu, gelu"),
        (("--set", "n_head=3"), "n_head 3 does not divide n_embd 16"),
        (("--set", "block_size=0"), "block_size is 0; it must be 1 or more"),
        (("--profile", "train3", "--set", "n_head=2"), "train3 has no setting 'n_head'"),
        (("--profile", "train0", "--set", "temperature=1"), "It has block_size, num_steps"),
        (("--profile", "train1", "--set", "activation=gelu"), "train1 has no setting"),
        (("n_layer=2",), "'n_layer=2' is not expected here; settings follow --set"),
        (("--corpus", "no/such/file"), "no/such/file cannot be read"),
        (("--steps", "-3"), "num_steps is -3"),
        (("--digits", "40"), "40"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    corpus = () if "--corpus" in arguments else ("--embedded",)
    run = reference(*corpus, "--steps", "1", *arguments)
    assert run.returncode == 2
    assert message in unwrapped(run.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("how", [(), ("--tape",)])
def test_numbers_that_leave_the_range_of_floats_are_told_of(how: tuple[str, ...]) -> None:
    small = ("n_embd=4", "n_head=2")
    run = reference("--embedded", "--steps", "9", *how, "--set", "learning_rate=1e200", *small)
    assert run.returncode == 2
    assert "the numbers have left the range of floats" in unwrapped(run.stderr)


@pytest.mark.slow
def test_several_settings_may_follow_one_another() -> None:
    run = reference("--embedded", "--steps", "1", "--set", "n_embd=8", "n_layer=2", "num_samples=1")
    assert "num params: 2096" in run.stdout


@pytest.mark.parametrize("name", PROFILES)
def test_every_setting_of_a_profile_can_be_set_to_what_it_is(name: str) -> None:
    profile = profile_named(name)
    same = [f"{setting}={getattr(profile.config, setting)}" for setting in settings_of(profile)]
    assert varied(profile, same) == profile.config
