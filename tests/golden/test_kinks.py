"""Kinks: where rounding may turn a ReLU, and runs and fixed cases that keep away from it."""

import random

import numpy as np
import pytest

from conformance.anatomy.judged_program import PUBLISHED, JudgedProgram
from conformance.cases.by_level.program import CORPORA, Program, decided, is_decided, short
from conformance.cases.situations import Situations
from golden.budgets import Precision
from golden.goldens import load_budgets, load_trace, long_runs
from golden.spread import REPLICAS, Kink, model_spread
from golden.trajectories import FreeRun, Trajectory, free_runs, kink_ledger, nearest_kink
from reference.config import Config
from reference.corpus import EMBEDDED
from reference.model import initial_weights, rmsnorm
from reference.tape.machine import Machine, flat
from reference.value import Value

PRECISIONS: list[Precision] = ["float64", "float32"]


def test_a_pre_activation_that_rounding_may_turn_is_a_kink() -> None:
    config = Config(n_embd=4, n_head=2)
    weights = flat(initial_weights(config, 5, random.Random(3)))
    machine = Machine(config, 5)
    replay = machine.evaluate(weights, [4, 1, 4])
    assert nearest_kink(replay, "float64") is None
    slot = int(np.asarray(replay.tape.values["/intermediates/layer0.mlp_hidden"])[0, 3])
    replay.values[slot] = 1e-9
    found = nearest_kink(replay, "float32")
    assert found is not None
    assert (found.index, found.value) == (3, 1e-9)
    assert nearest_kink(replay, "float64") is None
    replay.values[slot] = 0.0
    assert nearest_kink(replay, "float32") is None


def test_replicas_that_turn_a_relu_are_dropped_and_the_place_is_kept() -> None:
    config = Config(n_embd=4, n_head=1)
    shapes = config.shapes(5)
    weights = {name: np.zeros(shape) for name, shape in shapes.items()}
    generator = np.random.default_rng(1)
    for name in ("wte", "wpe", "lm_head", "layer0.mlp_fc2"):
        weights[name] = generator.normal(size=shapes[name])
    # After the norms a hidden unit sums terms that cancel but for their rounding.
    x = rmsnorm([Value(v) for v in weights["wte"][4] + weights["wpe"][0]])
    normed = np.array([v.data for v in rmsnorm(x)])
    weights["layer0.mlp_fc1"][0] = [normed[1] * 3, -normed[0] * 3, normed[3] * 7, -normed[2] * 7]
    spread = model_spread(config, 5, flat(weights), [4, 4], "float32")
    assert {kink.index for kink in spread.kinks} == {0}
    assert spread.replicas < REPLICAS
    assert max(sigma.max() for sigma in spread.sigma.values()) < 1e-4


def test_runs_end_before_a_kink_and_begin_after_it() -> None:
    kinks = [nearest(step) for step in (3, 7, 8)]
    runs = free_runs(kinks, 10)
    assert runs == [FreeRun(0, 3), FreeRun(4, 3), FreeRun(9, 1)]
    assert FreeRun.named(runs[1].name) == runs[1]


def nearest(step: int) -> Kink:
    return Kink(step, "/intermediates/layer0.mlp_hidden", 0, 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
def test_golden_budgets_cover_the_trajectory_but_for_its_kinks(precision: Precision) -> None:
    trajectory = Trajectory.of(load_trace())
    ledger = kink_ledger(trajectory, precision)
    kept = load_budgets()[precision]
    assert [kink.step for kink in kept.kinks] == [kink.step for kink in ledger]
    covered = [
        step
        for run in long_runs("microgpt", precision)
        for step in range(run.first, run.first + run.count)
    ]
    assert covered == [s for s in range(1000) if s not in {kink.step for kink in ledger}]
    assert bool(ledger) == (precision == "float32")


@pytest.mark.slow
@pytest.mark.parametrize("precision", PRECISIONS)
def test_no_fixed_case_hangs_on_a_rounding(precision: Precision) -> None:
    for situation in Situations.of(PUBLISHED, 1, precision).all:
        assert nearest_kink(situation.replay, precision) is None, situation.name
    for text in (EMBEDDED.read_text(), "heron\n", "까치\r\n\r\n두루미\r\n 참새\r\n"):
        assert Program.of(short(PUBLISHED, text)).is_decided(precision)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["train1", "train3", "train4", "first-revision", "early-revision"])
def test_no_fixed_case_of_any_profile_hangs_on_a_rounding(name: str) -> None:
    judged_program = JudgedProgram.of(name)
    for _, text in CORPORA.values():
        assert is_decided(decided(judged_program, text))
    for situation in Situations.of(judged_program, 1, "float32").all:
        assert nearest_kink(situation.replay, "float32") is None, situation.name
        assert np.isfinite(situation.budgets["/losses"]).all(), situation.name
